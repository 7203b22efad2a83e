import { load } from './load';
import { places } from './places';
import { hasProcessFigures, residentMebibytes } from './process-figures';
import { service } from './programs';
import { type Section, skippedSection, type Verdict } from './section';
import { type RunningServer, Servers } from './servers';
import type { Settings } from './settings';
import { fill, placeOrder, readOrder, readUser, signUp } from './workload';

/** Resident memory of both services before and after a minute of reads and writes at 32 connections each. */
export async function memory({ rows, connections, memorySeconds }: Settings): Promise<Section[]> {
  if (!hasProcessFigures) return [skippedSection(title, 'this system has no /proc to read it from')];
  const servers = new Servers();
  try {
    const users = await servers.start(service('user-service', { USER_DB_PATH: places.file('memory-users.db') }));
    const orders = await servers.start(
      service('order-service', { ORDER_DB_PATH: places.file('memory-orders.db'), USER_SERVICE_URL: `http://127.0.0.1:${users.port}` }),
    );
    const idle = [users, orders].map(({ pid }) => residentMebibytes(pid));
    await fill(users, rows, signUp);
    await fill(orders, rows, placeOrder(rows));
    const milliseconds = memorySeconds * 1000;
    const userRun = await mixed(users, readUser(rows), signUp, connections, milliseconds);
    const orderRun = await mixed(orders, readOrder(rows), placeOrder(rows), connections, milliseconds);
    const after = [users, orders].map(({ pid }) => residentMebibytes(pid));
    const names = ['user-service', 'order-service'];
    return [
      {
        title,
        notes: [`${memorySeconds} s of alternating reads and writes (order-service's writes call user-service), ${connections} connections, SQLite.`],
        head: ['service', 'idle MB', 'after MB', 'requests'],
        rows: names.map((name, i) => [name, idle[i]!.toFixed(0), after[i]!.toFixed(0), String([userRun, orderRun][i])]),
        verdicts: names.map((name, i): Verdict => ({ what: `${name}, resident`, figure: after[i]!, bound: 'at most', target: 150, unit: 'MB' })),
      },
    ];
  } finally {
    await servers.stopAll();
  }
}

const title = 'Memory';

/** Half of the connections read, half write. */
async function mixed({ port }: RunningServer, read: () => string, write: () => string, connections: number, milliseconds: number): Promise<number> {
  const half = { port, connections: connections / 2, milliseconds };
  const results = await Promise.all([load({ ...half, next: read, expected: 200 }), load({ ...half, next: write, expected: 201 })]);
  const unexpected = results.flatMap((result) => result.unexpected);
  const requests = results[0].requests + results[1].requests;
  if (unexpected.length > requests / 1_000) throw new Error(`answered ${unexpected[0]!} (${unexpected.length} of ${requests} answers)`);
  return requests;
}
