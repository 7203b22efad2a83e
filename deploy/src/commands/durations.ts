import { InvalidArgumentError } from 'commander';

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds of a duration as Go and kubectl write it: `90s`, `10m`, `1m30s`. @throws InvalidArgumentError */
export function duration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const isWhole = parts.map(([part]) => part).join('') === text && parts.length > 0;
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit as keyof typeof units], 0);
  if (!isWhole || ms <= 0 || ms > 24 * units.h) throw new InvalidArgumentError('It must be a duration up to 24h, such as 90s, 10m or 1m30s.');
  return ms;
}
