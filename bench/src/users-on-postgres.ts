import { findPostgres, postgresMissing, startPostgres } from '@berth/service-kit/testing/postgres-server';
import { interleave } from './interleave';
import { control, service } from './programs';
import { byCpu, comparison, type Section, skippedSection } from './section';
import { Servers } from './servers';
import type { Settings } from './settings';
import { fill, readUser, signUp } from './workload';

/** user-service on PostgreSQL against bare `node:http` and pg with a pool of ten and named statements. */
export async function usersOnPostgres({ rows, connections, pace }: Settings): Promise<Section[]> {
  if (findPostgres() === undefined) return [skippedSection('Users on PostgreSQL', postgresMissing)];
  const postgres = await startPostgres();
  const servers = new Servers();
  try {
    const running = [
      await servers.start(control(bare, 'bare-postgres', await postgres.createDatabase())),
      await servers.start(service(ours, { DATABASE_URL: await postgres.createDatabase() })),
    ];
    for (const server of running) await fill(server, rows, signUp);
    await postgres.query('CHECKPOINT');
    const reads = running.map((server) => ({ ...server, next: readUser(rows), expected: 200 }));
    const writes = running.map((server) => ({ ...server, next: signUp, expected: 201 }));
    const read = await interleave(reads, connections, pace);
    const write = await interleave(writes, connections, pace);
    return [
      comparison('GET /api/v1/users/{id}, PostgreSQL', read, [
        { what: `${ours} of ${bare} + pg with named statements, CPU`, figure: byCpu(read, ours, bare), bound: 'at least', target: 1 },
      ]),
      comparison('POST /api/v1/users, PostgreSQL', write, [
        { what: `${ours} of ${bare} + pg with named statements, CPU`, figure: byCpu(write, ours, bare), bound: 'at least', target: 0.75 },
      ]),
    ];
  } finally {
    await servers.stopAll();
    await postgres.dispose();
  }
}

const ours = 'user-service';
const bare = 'bare node:http';
