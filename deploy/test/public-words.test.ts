import { load } from 'js-yaml';
import { berth, folderWith } from '../testing/berth-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'paused' },
  spec: {
    selector: { matchLabels: { app: 'paused' } },
    template: { metadata: { labels: { app: 'paused' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
  },
};
const secret = (stringData: object, more = {}) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, stringData, ...more });
const folderOf = (...objects: readonly object[]) => folderWith({ 'all.json': objects.map((object) => JSON.stringify(object)).join('\n---\n') });

describeWithControlPlane('words of everyday in a Secret', (at) => {
  it('are no secret where something is called so, and no document breaks of them', async () => {
    const namespace = await at().namespace();
    const words = { POSTGRES_USER: 'postgres', TLS: 'false', W: 'objects', POSTGRES_DB: 'namespace', STATE: 'state', OUTCOME: 'healthy', HERE: namespace };
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'postgres' }, data: { 'log-level': 'objects' } };
    const folder = folderOf(secret(words), map, web);
    const run = async (verb: string, format: string, ...more: string[]) => {
      const { stdout, code } = await berth([verb, folder, '-n', namespace, '-o', format, ...more], { kubeconfig: at().plane.kubeconfig });
      expect(code).toBe(0);
      return (format === 'json' ? JSON.parse(stdout) : load(stdout)) as unknown;
    };
    const planned = { stack: 'shop', namespace, empty: false };
    const objects = [`Secret/${namespace}/keys`, `ConfigMap/${namespace}/postgres`, `Deployment/${namespace}/paused`].map(
      (object) => expect.objectContaining({ object }) as unknown,
    );
    for (const format of ['json', 'yaml']) expect(await run('plan', format)).toMatchObject({ ...planned, objects: expect.arrayContaining(objects) as never });
    expect(await run('apply', 'json')).toMatchObject({ stack: 'shop', namespace, revision: 1 });
    for (const format of ['json', 'yaml']) {
      expect(await run('status', format)).toMatchObject({ namespace, healthy: true, objects: expect.arrayContaining(objects) as never });
      expect(await run('history', format)).toMatchObject([{ number: 1, objects: 3 }]);
      expect(await run('doctor', format)).toMatchObject({ name: `${namespace}/shop`, healthy: true });
    }
    expect(await run('destroy', 'json', '--confirm', 'shop')).toMatchObject({ stack: 'shop', namespace });
  }, 60_000);

  it('are shown of a stack whose folder is elsewhere, as its inventory names them', async () => {
    const namespace = await at().namespace();
    const { kubeconfig } = at().plane;
    const folder = folderOf(secret({ a: 'paused', b: 'Deployment', c: 'shop-of-nobody' }), web);
    expect((await berth(['apply', folder, '-n', namespace], { kubeconfig })).code).toBe(0);
    for (const verb of ['status', 'doctor', 'verify']) {
      const { stdout } = await berth([verb, '--name', 'shop', '-n', namespace], { kubeconfig });
      expect(stdout).not.toContain('(secret)');
    }
  }, 60_000);

  it('are a token’s namespace', async () => {
    const namespace = await at().namespace();
    const { kubeconfig } = at().plane;
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web' } };
    const token = {
      ...secret({ namespace, token: 'a-token-of-nobody' }, { type: 'kubernetes.io/service-account-token' }),
      metadata: { name: 'token', annotations: { 'kubernetes.io/service-account.name': 'web' } },
    };
    const { stderr } = await berth(['apply', folderOf(account, token, web), '-n', namespace], { kubeconfig });
    expect(stderr).toContain(`Deployment/${namespace}/paused`);
    expect(stderr).not.toContain('(secret)/');
  }, 60_000);
});
