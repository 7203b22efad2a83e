import { type ChildProcess, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { freePort } from '@berth/service-kit/testing/free-ports';
import { AnswerReader } from './answer-reader';
import { get } from './load';
import { places } from './places';
import { service } from './programs';
import { onMeasuredCore, type Program, spawnProgram } from './servers';
import type { Section, Verdict } from './section';
import type { Settings } from './settings';
import { mean, median, quietestThird } from './statistics';

/** From spawn to the first 200 on /health of each bundled service, its compile cache warm, against `node -e 0`. */
export async function startUp({ starts }: Settings): Promise<Section[]> {
  const cache = { NODE_COMPILE_CACHE: places.file('compile-cache') };
  const services: Program[] = [
    service('user-service', { ...cache, USER_DB_PATH: places.file('start-users.db') }),
    service('order-service', { ...cache, ORDER_DB_PATH: places.file('start-orders.db') }),
  ];
  for (const program of services) warm(program);
  const node: number[] = [];
  const times = services.map((): number[] => []);
  for (let i = 0; i < starts; i++) {
    node.push(emptyProgram());
    for (const [n, program] of services.entries()) times[n]!.push(await firstAnswer(program));
  }
  const floor = quiet(node);
  const row = (name: string, values: readonly number[]) => [name, quiet(values).toFixed(0), median(values).toFixed(0), (quiet(values) / floor).toFixed(1)];
  return [
    {
      title: 'First answer',
      notes: [
        `${starts} starts each in turn, one core, an existing database, the compile cache that the image would have; mean of the quietest third, and median.`,
      ],
      head: ['program', 'ms', 'median ms', 'times `node -e 0`'],
      rows: [row('node -e 0', node), ...services.map(({ name }, n) => row(name, times[n]!))],
      verdicts: services.map(({ name }, n): Verdict => ({
        what: `${name}, times \`node -e 0\``,
        figure: quiet(times[n]!) / floor,
        bound: 'at most',
        target: 8,
      })),
    },
  ];
}

function quiet(values: readonly number[]): number {
  return mean(quietestThird(values, (value) => value));
}

function emptyProgram(): number {
  const [program, ...rest] = onMeasuredCore([process.execPath, '-e', '0']);
  const startedAt = performance.now();
  spawnSync(program!, rest);
  return performance.now() - startedAt;
}

async function firstAnswer(program: Program): Promise<number> {
  const port = await freePort();
  const startedAt = performance.now();
  const { child, errors } = spawnProgram(program, port);
  while (!(await isHealthy(port))) {
    if (child.exitCode !== null || performance.now() - startedAt > 30_000) throw new Error(`${program.name} didn't start:\n${errors()}`);
  }
  const milliseconds = performance.now() - startedAt;
  await ended(child);
  return milliseconds;
}

/** Tries at once again where nobody listens: a refused connection costs the measured core nothing. */
function isHealthy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const reader = new AnswerReader();
    const socket = connect(port, '127.0.0.1');
    const done = (healthy: boolean) => {
      socket.destroy();
      setTimeout(resolve, healthy ? 0 : 2, healthy);
    };
    socket.once('connect', () => socket.write(get('/health')));
    socket.once('error', () => done(false));
    socket.on('data', (chunk) => {
      const answer = reader.push(chunk);
      if (answer !== undefined) done(answer.status === 200);
    });
  });
}

/** As the image's build does: the migrations of an empty database pass through all of the start-up, and a clean exit writes the cache. */
function warm({ name, command, env }: Program): void {
  const [program, ...rest] = [...command, 'migrate'];
  const { status, stderr } = spawnSync(program, rest, { env: { ...process.env, ...env }, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} migrate exited with ${status}:\n${stderr}`);
}

/** No clean exit: that would write a better cache than the image's, which nobody can write. */
async function ended(child: ChildProcess): Promise<void> {
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}
