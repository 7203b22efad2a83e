import { type Figures, interleave } from './interleave';
import { fastapi } from './fastapi';
import { places } from './places';
import { control, service, subject } from './programs';
import { byCpu, comparison, type Section } from './section';
import { type RunningServer, Servers } from './servers';
import type { Settings } from './settings';
import { fill, placeOrder, readOrder, signUp } from './workload';

/** order-service on SQLite: reads against the controls, and creation with the call to user-service against the same without it. */
export async function orders({ rows, connections, pace }: Settings): Promise<Section[]> {
  const servers = new Servers();
  try {
    const peer = await fastapi();
    const skipped = typeof peer === 'string' ? [peer] : [];
    const users = await servers.start({ ...service('user-service', { USER_DB_PATH: places.file('peer.db') }), measured: false });
    await fill(users, rows, signUp);
    const ours = await servers.start(
      service(withCall, { ORDER_DB_PATH: places.file('orders.db'), USER_SERVICE_URL: `http://127.0.0.1:${users.port}` }, withCall),
    );
    const lone = await servers.start(subject(withoutCall, 'order-without-call', { ORDER_DB_PATH: places.file('lone-orders.db') }));
    const controls: RunningServer[] = [];
    for (const program of [control(bare, 'bare-sqlite'), control('fastify', 'fastify'), ...(typeof peer === 'string' ? [] : [peer])]) {
      controls.push(await servers.start(program));
    }
    const [floor, ...frameworks] = controls;
    for (const server of [...controls, ours, lone]) await fill(server, rows, placeOrder(rows));
    const reads = [floor!, ours, ...frameworks].map((server) => ({ ...server, next: readOrder(rows), expected: 200 }));
    const writes = [lone, ours].map((server) => ({ ...server, next: placeOrder(rows), expected: 201 }));
    return [readSection(await interleave(reads, connections, pace), skipped), createSection(await interleave(writes, connections, pace))];
  } finally {
    await servers.stopAll();
  }
}

const withCall = 'order-service';
const withoutCall = 'order-service without the call';
const bare = 'bare node:http';

function readSection(figures: readonly Figures[], skipped: readonly string[]): Section {
  const verdicts = [
    { what: `${withCall} of ${bare}, CPU`, figure: byCpu(figures, withCall, bare), bound: 'at least', target: 0.5 },
    { what: `${withCall} of fastify with the same features, CPU`, figure: byCpu(figures, withCall, 'fastify'), bound: 'at least', target: 1 },
  ] as const;
  return comparison('GET /api/v1/orders/{id}, SQLite', figures, verdicts, skipped);
}

function createSection(figures: readonly Figures[]): Section {
  const notes = [
    '`without the call` is the same order-service, bundled from the same sources, whose peer client confirms every user by itself.',
    'user-service runs on the load generator’s core; its CPU time is not counted.',
  ];
  const verdicts = [
    { what: 'creation with the call of the same without it, CPU', figure: byCpu(figures, withCall, withoutCall), bound: 'at least', target: 0.45 },
  ] as const;
  return comparison('POST /api/v1/orders, SQLite', figures, verdicts, notes);
}
