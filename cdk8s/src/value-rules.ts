import { isIP } from 'node:net';

/** What a plain value must be. */
export interface Rule {
  /** Ends the sentence "it must be …". */
  readonly words: string;
  holds(value: unknown): boolean;
}

/** Where a value stands, such as `store.maxConnections`; the value; what it must be. */
export type Check = readonly [where: string, value: unknown, rule: Rule];

/** A sentence for each value that breaks its rule. What is left out breaks none. */
export function brokenRules(checks: readonly Check[]): string[] {
  return checks
    .filter(([, value, rule]) => value !== undefined && !rule.holds(value))
    .map(([where, value, { words }]) => `${where} is ${typeof value === 'number' ? value : JSON.stringify(value)}: it must be ${words}`);
}

/** A whole number, bounds included. */
export function integer(minimum: number, maximum = Infinity): Rule {
  return {
    words: maximum === Infinity ? `a whole number of at least ${minimum}` : `a whole number from ${minimum} to ${maximum}`,
    holds: (value) => Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum,
  };
}

/** One word out of a list. */
export function oneOf(...choices: readonly string[]): Rule {
  return { words: choices.map((choice) => `"${choice}"`).join(' or '), holds: (value) => choices.includes(value as string) };
}

/** A text that a pattern describes in full. */
export function text(pattern: RegExp, longest: number, words: string): Rule {
  return { words, holds: (value) => typeof value === 'string' && value.length <= longest && pattern.test(value) };
}

/** A range of IPv4 or IPv6 addresses: https://www.rfc-editor.org/rfc/rfc4632#section-3.1 */
export const cidr: Rule = {
  words: 'an address range such as "10.20.0.0/16"',
  holds: (value) => {
    const [address = '', bits = '', ...rest] = String(value).split('/');
    const most = { 4: 32, 6: 128 }[isIP(address)];
    return most !== undefined && !address.includes('%') && rest.length === 0 && /^(0|[1-9]\d*)$/.test(bits) && Number(bits) <= most;
  },
};
