import { declarationShape } from '../src/declaration-shape';
import type { Environment } from '../src/environment';
import { environments } from '../src/environments';
import { SynthRefused } from '../src/refusal';
import { synthesize } from '../src/synth';
import { boatService, released, services } from './synthesized';

/** What somebody may write in any place. */
const values: readonly unknown[] = [null, undefined, '', 'x', '2', '\0', 'constructor', -1, 1.5, 1e9, NaN, true, [], ['x'], {}, { a: 'b' }, new Map()];

/** Every place in a value, from the outside in, as the keys that lead there. */
function placesIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, part]) => placesIn(part, [...path, key]))];
}

/** A copy with another value at a place. */
function changed(whole: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const part = (whole as Record<string, unknown>)[key];
  return Array.isArray(whole) ? whole.with(Number(key), changed(part, rest, value)) : { ...(whole as object), [key]: changed(part, rest, value) };
}

/** How often synth ended in files and how often in faults; anything else is thrown. */
function endsOf(whole: object, synth: (changed: unknown) => unknown): { files: number; faults: number } {
  const ends = { files: 0, faults: 0 };
  for (const place of placesIn(whole).filter(({ length }) => length > 0))
    for (const value of values) {
      try {
        synth(changed(whole, place, value));
        ends.files++;
      } catch (error) {
        if (!(error instanceof SynthRefused)) throw new Error(`${place.join('.')} as ${String(value)}`, { cause: error });
        ends.faults++;
      }
    }
  return ends;
}

const [, staging, production] = environments as [Environment, Environment, Environment];
const external = { kind: 'external-postgres', host: 'db.example', port: 5432, cidr: '10.0.0.0/8', maxConnections: 600, sslMode: 'verify-full' } as const;

/** Environments in which every member is there. */
const full: readonly Environment[] = [...environments, { ...production, name: 'external', images: staging.images, store: external }].map((environment) => ({
  ...environment,
  ...(environment.name !== 'local' && { disruption: { maxUnavailable: 1 } }),
  configuration: { LOG_LEVEL: 'info' },
  overrides: { 'user-service': { resources: { memory: '256Mi' }, configuration: { DATABASE_POOL_SIZE: 10 } } },
  ingress: { ...environment.ingress!, annotations: { note: 'mine' } },
}));

it.each(full.map((environment) => [environment.name, environment] as const))(
  'whatever stands in a place of %s, synth ends in files or in faults',
  (_name, whole) => {
    const { files, faults } = endsOf(whole, (environment) => synthesize({ environment: environment as Environment, declarations: services, released }));
    expect(faults).toBeGreaterThan(files);
  },
);

it('whatever stands in a place of a declaration, synth ends in files or in faults', () => {
  const boat = {
    ...boatService,
    checks: [
      { name: 'a boat', steps: [{ service: 'boat-service', method: 'POST', path: '/boats', body: { name: 'Boat' }, status: 200, keep: { boat: 'id' } }] },
    ],
    flows: [{ name: 'boat', title: 'Boat', steps: [{ service: 'boat-service', method: 'GET', route: '/boats' }] }],
  };
  const { files, faults } = endsOf(boat, (declaration) => {
    const wrong = declarationShape.faults('', declaration);
    if (wrong.length > 0) throw new SynthRefused(wrong);
    return synthesize({ environment: production, declarations: [...services, declaration as typeof boatService], released });
  });
  expect(faults).toBeGreaterThan(files);
});
