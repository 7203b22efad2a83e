import { fastapi } from './fastapi';
import { type Figures, interleave } from './interleave';
import { places } from './places';
import { control, service } from './programs';
import { byCpu, byRate, comparison, type Section } from './section';
import { type Program, type RunningServer, Servers } from './servers';
import type { Settings } from './settings';
import { fill, readUser, signUp } from './workload';

/** user-service on SQLite against the three controls: reads, and durable writes by 32 clients and by one. */
export async function usersOnSqlite({ rows, connections, pace }: Settings): Promise<Section[]> {
  const servers = new Servers();
  try {
    const peer = await fastapi();
    const skipped = typeof peer === 'string' ? [peer] : [];
    const programs: Program[] = [
      control(bare, 'bare-sqlite'),
      service(ours, { USER_DB_PATH: places.file('users.db') }),
      control('fastify', 'fastify'),
      ...(typeof peer === 'string' ? [] : [peer]),
    ];
    const running: RunningServer[] = [];
    for (const program of programs) running.push(await servers.start(program));
    for (const server of running) await fill(server, rows, signUp);
    const reads = running.map((server) => ({ ...server, next: readUser(rows), expected: 200 }));
    const writes = running.map((server) => ({ ...server, next: signUp, expected: 201 }));
    return [
      readSection(await interleave(reads, connections, pace), skipped),
      writeSection(await interleave(writes, connections, pace), skipped),
      singleClientSection(await interleave(writes, 1, pace), skipped),
    ];
  } finally {
    await servers.stopAll();
  }
}

const ours = 'user-service';
const bare = 'bare node:http';

function readSection(figures: readonly Figures[], skipped: readonly string[]): Section {
  const verdicts = [
    { what: `${ours} of ${bare}, CPU`, figure: byCpu(figures, ours, bare), bound: 'at least', target: 0.5 },
    { what: `${ours} of fastify with the same features, CPU`, figure: byCpu(figures, ours, 'fastify'), bound: 'at least', target: 1 },
    ...(skipped.length > 0
      ? []
      : [{ what: `${ours} of FastAPI with thread-pool handlers, CPU`, figure: byCpu(figures, ours, 'FastAPI'), bound: 'at least', target: 4 } as const]),
  ] as const;
  return comparison('GET /api/v1/users/{id}, SQLite', figures, verdicts, skipped);
}

function writeSection(figures: readonly Figures[], skipped: readonly string[]): Section {
  const verdicts = [
    { what: `${ours} of ${bare} that commits one by one, requests/s`, figure: byRate(figures, ours, bare), bound: 'at least', target: 5 },
  ] as const;
  const notes = ['All are durable: WAL, `synchronous=FULL`, answered after COMMIT. The controls commit each insert by itself.', ...skipped];
  return comparison('POST /api/v1/users, SQLite, 32 clients', figures, verdicts, notes);
}

function singleClientSection(figures: readonly Figures[], skipped: readonly string[]): Section {
  const verdicts = [{ what: `${ours} of ${bare}, one client, requests/s`, figure: byRate(figures, ours, bare), bound: 'at least', target: 1 }] as const;
  return comparison('POST /api/v1/users, SQLite, 1 client', figures, verdicts, skipped);
}
