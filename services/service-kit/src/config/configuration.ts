import { readFileSync } from 'node:fs';
import type { ConfigurationSchema, ServiceDeclaration, Variable } from '../declaration';
import { commonVariables } from './common-variables';
import { databaseUrlFault } from './database-url';

type Parsed<V extends Variable> = V['kind'] extends 'integer'
  ? number
  : V['kind'] extends 'flag'
    ? boolean
    : V extends { readonly choices: readonly (infer Word)[] }
      ? Word
      : string;

type ValueOf<V extends Variable> = V extends { readonly default: unknown } ? Parsed<V> : Parsed<V> | undefined;

/** Parsed variables under their own names. A variable without a default may be `undefined`. */
export type Configuration<Schema extends ConfigurationSchema> = {
  readonly [Name in keyof Schema]: ValueOf<Schema[Name]>;
};

/** What every service's configuration holds. */
export type CommonConfiguration = Omit<Configuration<typeof commonVariables>, 'PORT'> & { readonly PORT: number };

/** A service's whole configuration: its own variables and the common ones. */
export type ServiceConfiguration<Schema extends ConfigurationSchema> = CommonConfiguration & Configuration<Schema>;

/** The environment does not fit the declaration. Every fault is listed; the process should exit with 78 (`EX_CONFIG`). */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  /** @param faults - one sentence a fault, each beginning with the variable's name */
  constructor(readonly faults: readonly string[]) {
    super(`The configuration has ${faults.length} fault${faults.length === 1 ? '' : 's'}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  }
}

/** All variables of a service, the common ones first. */
export function variablesOf(declaration: ServiceDeclaration): ConfigurationSchema {
  const port = { ...commonVariables.PORT, default: declaration.port };
  return { ...commonVariables, PORT: port, ...declaration.configuration };
}

/**
 * Reads a service's variables out of an environment.
 *
 * @param env - usually `process.env`; an empty value counts as unset
 * @throws ConfigurationError naming every variable that is wrong
 */
export function parseConfiguration<Schema extends ConfigurationSchema>(
  declaration: ServiceDeclaration<Schema>,
  env: Readonly<Record<string, string | undefined>>,
): ServiceConfiguration<Schema> {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(variablesOf(declaration))) {
    try {
      const text = rawValue(name, variable, env);
      values[name] = text === undefined ? variable.default : parse(variable, text);
    } catch (error) {
      faults.push(`${name}${(error as Error).message}`);
    }
  }
  if (values['DATABASE_PASSWORD'] !== undefined && values['DATABASE_URL'] === undefined && !faults.some((fault) => fault.startsWith('DATABASE_URL'))) {
    faults.push('DATABASE_PASSWORD is set without DATABASE_URL: set DATABASE_URL too, or neither for SQLite');
  }
  const path = values[declaration.store.pathVariable];
  if (typeof path === 'string') faults.push(...pathFaults(path).map((fault) => `${declaration.store.pathVariable}${fault}`));
  if (faults.length > 0) throw new ConfigurationError(faults);
  return values as ServiceConfiguration<Schema>;
}

function rawValue(name: string, variable: Variable, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const direct = env[name] || undefined;
  const file = variable.secret ? env[`${name}_FILE`] || undefined : undefined;
  if (file === undefined) return direct;
  if (direct !== undefined) throw new Error(` and ${name}_FILE are both set: keep one`);
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    throw new Error(`_FILE names a file that can't be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`);
  }
}

function parse(variable: Variable, text: string): string | number | boolean {
  const shown = variable.secret ? 'its value' : JSON.stringify(text);
  switch (variable.kind) {
    case 'integer': {
      const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      if (value >= variable.minimum && value <= variable.maximum) return value;
      throw new Error(` must be a whole number from ${variable.minimum} to ${variable.maximum}, not ${shown}`);
    }
    case 'flag':
      if (text === 'true' || text === 'false') return text === 'true';
      throw new Error(` must be true or false, not ${shown}`);
    case 'choice':
      if (variable.choices.includes(text)) return text;
      throw new Error(` must be one of ${variable.choices.join(', ')}, not ${shown}`);
    case 'url': {
      const begins = variable.schemes.some((scheme) => text.toLowerCase().startsWith(`${scheme}://`));
      if (!begins || !URL.canParse(text))
        throw new Error(` must be an absolute URL that begins with ${variable.schemes.map((scheme) => `${scheme}://`).join(' or ')}, not ${shown}`);
      const fault = variable.schemes.includes('postgres') ? databaseUrlFault(text) : undefined;
      if (fault !== undefined) throw new Error(fault);
      return text;
    }
    case 'text':
      if (variable.spaceless && /\s/.test(text)) throw new Error(` must not contain white space, as ${shown} does`);
      return text;
  }
}

/** The driver trims a path and takes some for other things than files; a database of each connection's own would be no store. */
function pathFaults(path: string): readonly string[] {
  if (path.trim() === ':memory:' || path.startsWith('file:'))
    return [` must be the path of a file, not ${JSON.stringify(path)}: for a database to throw away name a file in a temporary folder`];
  return path === path.trim() ? [] : [` must not begin or end with white space, as ${JSON.stringify(path)} does`];
}
