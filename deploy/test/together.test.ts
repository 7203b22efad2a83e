import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditSince } from '../testing/audit';
import { berth, folderWith } from '../testing/berth-process';
import { writeKubeconfig } from '../testing/control-plane';
import { startCuttingProxy } from '../testing/cutting-proxy';
import { describeWithControlPlane } from '../testing/use-control-plane';

const rounds = process.env['BERTH_FULL'] === '1' ? 50 : 5;
const names = ['one', 'two', 'three', 'four', 'five', 'six'];

const manifestsOf = (word: string) =>
  Object.fromEntries(names.map((name) => [`${name}.yaml`, `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {word: "${word}"}\n`]));

describeWithControlPlane('several at once', (at) => {
  const folders: string[] = [];
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

  /** Five administrators, each with their own kubeconfig. */
  const kubeconfigs = () =>
    at().plane.tokens.map((token) => {
      const folder = mkdtempSync(join(tmpdir(), 'berth-user-'));
      folders.push(folder);
      return writeKubeconfig(folder, at().plane.server, at().plane.ca, token);
    });

  it(
    `go one after the other, ${rounds} times five of them: the others wait or are refused, and the end is one plan’s`,
    async () => {
      const users = kubeconfigs();
      const codes = new Map<number | null, number>();
      for (let round = 0; round < rounds; round++) {
        const namespace = await at().namespace();
        const since = await auditSince(at().plane.auditLog);
        const runs = await Promise.all(
          users.map((kubeconfig, i) => {
            // some have no patience
            const patience = i % 2 === 0 ? '30s' : '1ms';
            return berth(['apply', folderWith(manifestsOf(`user-${i + 1}`)), '-n', namespace, '--lock-timeout', patience], { kubeconfig });
          }),
        );
        for (const { code, stderr } of runs) {
          codes.set(code, (codes.get(code) ?? 0) + 1);
          expect([0, 3]).toContain(code);
          if (code === 3) expect(stderr).toMatch(/deploys test-\d+\/shop and renewed the lock (just now|\d+ s ago): try again when that is done/);
        }
        expect(runs.filter(({ code }) => code === 0).length).toBeGreaterThanOrEqual(1);
        const writes = (await since()).filter(
          ({ verb, uri, dryRun, code }) =>
            !dryRun && code < 300 && ['create', 'update', 'patch', 'delete'].includes(verb) && uri.includes(`${namespace}/configmaps`),
        );
        const turns = writes.map(({ user }) => user).filter((user, i, all) => user !== all[i - 1]);
        expect(turns).toEqual([...new Set(turns)]);
        const words = await Promise.all(
          names.map(async (name) => ((await at().plane.connect().get(configMap(namespace, name))) as unknown as { data: { word: string } }).data.word),
        );
        expect(new Set(words).size).toBe(1);
        expect(words[0]).toBe(`user-${turns.at(-1)!.slice('admin-'.length)}`);
      }
      console.log(`measured · five at once · rounds ${rounds}, exit codes ${JSON.stringify(Object.fromEntries(codes))}`);
    },
    rounds * 30_000,
  );

  it('one that died is waited for until its lease has ended, and no longer', async () => {
    const proxy = await startCuttingProxy(at().plane);
    const namespace = await at().namespace();
    const kill = new AbortController();
    // the third write comes when the lock is held and the inventory written
    proxy.arm({ atWrite: 3, when: 'after', how: 'kill' }, () => kill.abort());
    const leaseMs = 4_000;
    const flags = ['-n', namespace, '--lock-lease', '4s'];
    const dead = await berth(['apply', folderWith(manifestsOf('dead')), ...flags], { kubeconfig: proxy.kubeconfig, kill: kill.signal });
    expect(dead.signal).toBe('SIGKILL');
    const diedAt = performance.now();
    const next = await berth(['apply', folderWith(manifestsOf('next')), ...flags], { kubeconfig: at().plane.kubeconfig });
    const waitedMs = performance.now() - diedAt;
    await proxy.close();
    expect(next).toMatchObject({ code: 0, stderr: expect.stringMatching(/deploys test-\d+\/shop, or did until .*: waiting/) as string });
    // a clock of whole seconds may be one off; the command itself takes a second
    expect(waitedMs).toBeGreaterThan(leaseMs - 1_000);
    expect(waitedMs).toBeLessThan(leaseMs + 4_000);
  }, 60_000);
});

const configMap = (namespace: string, name: string) => ({
  resource: { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true },
  namespace,
  name,
});
