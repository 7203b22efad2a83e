import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { places } from './places';
import { type Section, skippedSection, type Verdict } from './section';
import type { Settings } from './settings';
import { median } from './statistics';
import { quiet, timed } from './whole-process';

const counts = [2, 100, 500] as const;

/** Whole processes: `npm run synth` without npm, of so many services in production, beside `helm template` of the folder that it wrote. */
export function synthSpeed({ starts }: Settings): Promise<Section[]> {
  if (spawnSync('helm', ['version'], { stdio: 'ignore' }).error) return Promise.resolve([skippedSection('Synth', 'helm is not on the PATH')]);
  const figures = counts.map((count) => measure(count, Math.ceil(starts / 3)));
  const synthOf = (count: number) => quiet(figures.find((one) => one.count === count)!.synth);
  const section: Section = {
    title: 'Synth',
    notes: [
      'Whole processes, wall time, in turn; mean of the quietest third, and median. `helm template` prints the same objects from the same files. No file has changed since the run before.',
    ],
    head: ['services', 'objects', 'synth ms', 'median', 'helm ms', 'median', 'times helm'],
    rows: figures.map(({ count, objects, synth, helm }) => [
      String(count),
      String(objects),
      quiet(synth).toFixed(0),
      median(synth).toFixed(0),
      quiet(helm).toFixed(0),
      median(helm).toFixed(0),
      (quiet(synth) / quiet(helm)).toFixed(2),
    ]),
    verdicts: [
      ...figures
        .filter(({ count }) => count < 500)
        .map(({ count, synth, helm }): Verdict => ({
          what: `${count} services, times helm template`,
          figure: quiet(synth) / quiet(helm),
          bound: 'at most',
          target: count === 2 ? 3.5 : 3,
        })),
      { what: '500 services, times 100 services', figure: synthOf(500) / synthOf(100), bound: 'at most', target: 6 },
    ],
  };
  return Promise.resolve([section]);
}

interface Measured {
  readonly count: number;
  readonly objects: number;
  readonly synth: readonly number[];
  readonly helm: readonly number[];
}

function measure(count: number, rounds: number): Measured {
  const services = places.file(`services-${count}`);
  const charts = places.file(`charts-${count}`);
  declareServices(services, count);
  const synth = [process.execPath, join(places.root, 'cdk8s', 'dist', 'main.js'), 'production', '--services', services, '--out', charts];
  const helm = ['helm', 'template', 'bench', join(charts, 'production')];
  timed(synth);
  const objects = timed(helm).output.match(/^kind:/gm)?.length ?? 0;
  const times = Array.from({ length: rounds }, () => [timed(synth).milliseconds, timed(helm).milliseconds] as const);
  return { count, objects, synth: times.map(([one]) => one), helm: times.map(([, one]) => one) };
}

/** Copies of order-service, each of which calls the one before it. */
function declareServices(folder: string, count: number): void {
  const like = JSON.parse(readFileSync(join(places.root, 'services', 'order-service', 'dist', 'service.json'), 'utf8')) as Record<string, object>;
  for (let i = 0; i < count; i++) {
    const name = `service-${i}`;
    const peers = i === 0 ? [] : [{ name: `service-${i - 1}`, urlVariable: 'USER_SERVICE_URL' }];
    const declaration = { ...like, name, paths: [`/things-${i}`], peers, store: { ...like['store'], database: `db${i}` }, checks: [], flows: [] };
    mkdirSync(join(folder, name, 'dist'), { recursive: true });
    mkdirSync(join(folder, name, 'src'), { recursive: true });
    writeFileSync(join(folder, name, 'src', 'main.ts'), '');
    writeFileSync(join(folder, name, 'service.ts'), '');
    writeFileSync(join(folder, name, 'dist', 'service.json'), JSON.stringify(declaration));
  }
}
