import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { createApiClient } from '../services/service-kit/testing/api-client';
import { type ServiceProcess, startService } from '../services/service-kit/testing/service-process';
import { manifestsOf } from './manifests';

const repository = resolve(__dirname, '..');

/** What docs/operations.md runs in a pod: three commands that back a SQLite file up, three that put it back. */
const inPods = [...readFileSync(join(repository, 'docs/operations.md'), 'utf8').matchAll(/^kubectl exec (?:-i )?-n berth-local \S+ -- (.+)$/gm)].map(
  ([, command]) => command!,
);

it('a backup that was made while the service ran can be put back, by the page’s own commands', async () => {
  expect(inPods).toHaveLength(6);
  const pod = mkdtempSync(join(tmpdir(), 'berth-backup-'));
  symlinkSync(join(repository, 'node_modules'), join(pod, 'node_modules'));
  const run = (command: string) => {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: pod, encoding: 'utf8' });
    expect({ command, status, stderr }).toEqual({ command, status: 0, stderr: '' });
    return stdout.trim();
  };
  const start = () => startService('user-service', { USER_DB_PATH: join(pod, 'data', 'user_service.db') });
  try {
    let service = await start();
    const before = await signUp(service, 'before@example.com');
    expect(inPods.slice(0, 3).map(run)).toEqual(['done', '', '']);
    const after = await signUp(service, 'after@example.com');
    // what a stop would have moved into the file stays in its log
    await service.kill();
    expect(readdirSync(join(pod, 'data'))).toContain('user_service.db-wal');
    expect(inPods.slice(3).map(run)).toEqual(['', 'ok', '']);
    expect(readdirSync(join(pod, 'data')).sort()).toEqual(['user_service.db', 'user_service.db.lock']);
    service = await start();
    expect([await statusOf(service, before), await statusOf(service, after)]).toEqual([200, 404]);
    await service.stop();
  } finally {
    rmSync(pod, { recursive: true });
  }
}, 60_000);

it('the pod that holds the volume meanwhile is as the service’s own: admitted, and its files’ owner', () => {
  const { spec } = parse(readFileSync(join(repository, 'docs/examples/restore-sqlite.yaml'), 'utf8')) as { spec: PodSpec };
  const deployment = manifestsOf('local').find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'user-service')!;
  const own = deployment.spec.template.spec as unknown as PodSpec;
  expect(spec.securityContext).toEqual(own.securityContext);
  expect(spec.containers[0].image).toBe(own.containers[0].image);
  expect(spec.containers[0].securityContext).toEqual(own.containers[0].securityContext);
  expect(own.containers[0].volumeMounts).toEqual(expect.arrayContaining([...spec.containers[0].volumeMounts]));
  expect(own.volumes).toEqual(expect.arrayContaining([...spec.volumes]));
});

interface PodSpec {
  readonly securityContext: object;
  readonly containers: readonly [{ readonly image: string; readonly securityContext: object; readonly volumeMounts: readonly object[] }];
  readonly volumes: readonly object[];
}

async function signUp({ url }: ServiceProcess, email: string): Promise<number> {
  const users = createApiClient<{ id: number }>(url);
  try {
    return (await users.post('/users', { email, name: 'Ada' })).body.id;
  } finally {
    users.close();
  }
}

async function statusOf({ url }: ServiceProcess, id: number): Promise<number> {
  return (await fetch(`${url}/users/${id}`)).status;
}
