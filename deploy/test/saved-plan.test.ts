import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { berth, folderWith, writeFiles } from '../testing/berth-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

const secrets = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };
const filesOf = (value: string) => ({
  'secret.json': JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' }, stringData: { key: value } }),
  'url.json': JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'url' }, data: { url: `postgres://shop:${value}@db` } }),
});

describeWithControlPlane('a saved plan with a Secret', (at) => {
  const run = (...args: string[]) => berth(args, { kubeconfig: at().plane.kubeconfig });

  /** A stack that has the first value, and a saved plan that leads to the second. */
  async function planned() {
    const namespace = await at().namespace();
    const folder = folderWith(filesOf('the-first-value'));
    const plan = join(folder, '..', 'plan.json');
    expect(await run('apply', folder, '-n', namespace)).toMatchObject({ code: 0 });
    writeFiles(folder, filesOf('the-second-value'));
    expect(await run('plan', folder, '-n', namespace, '--save', plan)).toMatchObject({ code: 0 });
    const location = { resource: secrets, namespace, name: 'key' };
    const value = async () => Buffer.from(((await at().plane.connect().get(location))!['data'] as { key: string }).key, 'base64').toString();
    return { folder, plan, value, location, apply: () => run('apply', folder, '-n', namespace, '--plan', plan) };
  }

  it('is not applied when its value is another one by now, and says none', async () => {
    const { folder, plan, value, apply } = await planned();
    expect(readFileSync(plan, 'utf8')).not.toMatch(/the-(first|second)-value|dGhlLX/);
    writeFiles(folder, { 'secret.json': filesOf('the-third-value')['secret.json'] });
    const refused = await apply();
    expect(refused).toMatchObject({ code: 3 });
    expect(refused.stderr).toContain('a Secret of the manifests has another value than in the saved plan; nothing was written: plan again, and look at it');
    expect(await value()).toBe('the-first-value');
    writeFiles(folder, filesOf('the-second-value'));
    expect(await apply()).toMatchObject({ code: 0 });
    expect(await value()).toBe('the-second-value');
  }, 60_000);

  it('is not applied when somebody changed the value in the cluster', async () => {
    const { value, location, apply } = await planned();
    await at()
      .plane.connect()
      .patch(location, [{ op: 'replace', path: '/data/key', value: Buffer.from('another').toString('base64') }]);
    expect(await apply()).toMatchObject({ code: 3 });
    expect(await value()).toBe('another');
  }, 60_000);
});
