import { type Figures, interleave } from './interleave';
import { canPoll } from './load';
import { places } from './places';
import { control, service } from './programs';
import { type Section, skippedSection } from './section';
import { type RunningServer, Servers } from './servers';
import type { Settings } from './settings';
import { fill, readUser, signUp } from './workload';

/** Microseconds that the slowed control works longer for each answer, by the clock. */
const addedMicros = 20;

/** Whether the measurement adds up: a bare server that is made to work 20 µs longer a request should read 20 µs more. */
export async function calibration({ rows, connections, pace }: Settings): Promise<Section[]> {
  if (!canPoll) return [skippedSection(title, 'the load has no core of its own here to poll on (one core, or no taskset)')];
  const servers = new Servers();
  try {
    const bare = control('bare node:http', 'bare-sqlite');
    const slowed = control(`bare node:http + ${addedMicros} µs`, 'bare-sqlite');
    const programs = [
      bare,
      { ...slowed, env: { ...slowed.env, SHOP_DB_PATH: places.file('slowed.db'), ADDED_MICROS: String(addedMicros) } },
      service('user-service', { USER_DB_PATH: places.file('users-calibration.db') }),
    ];
    const running: RunningServer[] = [];
    for (const program of programs) running.push(await servers.start(program));
    for (const server of running) await fill(server, rows, signUp);
    const reads = running.map((server) => ({ ...server, next: readUser(rows), expected: 200 }));
    const polling = await interleave(reads, connections, pace);
    const sleeping = await interleave(reads, connections, { ...pace, generator: 'sleeps' });
    return [
      {
        title,
        notes: [
          `GET of a user on SQLite. The slowed control spins for ${addedMicros} µs before each answer: what it reads more should be just that.`,
          'Everything else in these results was measured with a load generator that polls. CPU µs a request:',
        ],
        head: ['the load generator', ...programs.map(({ name }) => name), 'difference of the first two', 'user-service of bare'],
        rows: [row('polls', polling), row('sleeps', sleeping)],
        verdicts: [],
      },
    ];
  } finally {
    await servers.stopAll();
  }
}

const title = 'Calibration';

function row(condition: string, figures: readonly Figures[]): string[] {
  const [bare, slowed, service] = figures.map(({ cpuMicros }) => cpuMicros) as [number, number, number];
  return [condition, ...[bare, slowed, service, slowed - bare].map((micros) => micros.toFixed(1)), (bare / service).toFixed(2)];
}
