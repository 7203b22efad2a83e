import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { liveState } from '../testing/live-state';
import { berth, folderWith, type Run, writeFiles } from '../testing/berth-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

/** Values that nobody may see: of letters alone, with quotes, line ends, other scripts, and bytes that are no text. */
function canaries(count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => {
    const word = `canary${i}${randomBytes(6).toString('hex')}`;
    switch (i % 5) {
      case 0:
        return Buffer.from(word);
      case 1:
        return Buffer.from(`${word}"quoted"\\and&more=1`);
      case 2:
        return Buffer.from(`${word}\nsecond line\ttab`);
      case 3:
        return Buffer.from(`${word} çà ß 日本`);
      default:
        return Buffer.concat([Buffer.from(word), randomBytes(12)]);
    }
  });
}

/** Each form in which a value might be printed, but for bytes that are no text. */
function formsOf(value: Buffer): string[] {
  const text = value.toString();
  const isText = Buffer.from(text).equals(value);
  const encoded = [value.toString('base64'), value.toString('base64').replace(/=+$/, ''), value.toString('hex'), value.toString('base64url')];
  return isText ? [...encoded, text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)] : encoded;
}

describeWithControlPlane('values of Secrets', (at) => {
  it('30 of them are in no output, no file, no event and no annotation of any command', async () => {
    const namespace = await at().namespace();
    const values = canaries(30);
    const secret = (more: Record<string, unknown> = {}, shift = 0) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'keys' },
        data: Object.fromEntries(values.map((_, i) => [`key${i}`, values[(i + shift) % values.length]!.toString('base64')])),
        ...more,
      });
    const web = (image: string) =>
      JSON.stringify({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec: { selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } } },
      });
    const folder = folderWith({ 'secret.json': secret(), 'web.json': web('web:1') });
    const saved = join(folder, '..', 'plan.json');
    const runs: Run[] = [];
    const run = async (verb: string, ...flags: string[]) => {
      const result = await berth([verb, folder, '-n', namespace, '-v', ...flags], { kubeconfig: at().plane.kubeconfig });
      runs.push(result);
      return result.code;
    };
    expect(await run('plan', '--save', saved)).toBe(0);
    expect(await run('plan', '-o', 'yaml')).toBe(0);
    expect(await run('apply', '-o', 'json')).toBe(0);
    writeFiles(folder, { 'secret.json': secret({}, 1) });
    for (const format of ['table', 'json', 'yaml']) expect(await run('plan', '-o', format)).toBe(0);
    expect(await run('apply')).toBe(0);
    for (const format of ['table', 'json', 'yaml']) for (const verb of ['status', 'history', 'doctor']) expect(await run(verb, '-o', format)).toBe(0);
    // refused by the server, in its words
    writeFiles(folder, { 'secret.json': secret({ type: 'kubernetes.io/tls' }) });
    expect(await run('plan')).toBe(3);
    writeFiles(folder, { 'secret.json': secret({ [`field${values[0]!.toString()}`]: values[1]!.toString() }) });
    expect(await run('apply')).toBe(2);
    writeFiles(folder, { 'secret.json': secret({ stringData: { wrong: [values[0]!.toString()] } }) });
    expect(await run('apply')).toBe(2);
    writeFiles(folder, { 'secret.json': `${secret()}\n{"apiVersion": "v1", "data": {"a": "${values[0]!.toString()}"` });
    expect(await run('apply')).toBe(2);
    writeFiles(folder, { 'secret.json': secret({}, 2), 'web.json': web('broken:1') });
    expect(await run('apply')).toBe(4);
    expect(await run('doctor')).toBe(4);
    expect(await run('apply', '--rollback-on-failure')).toBe(4);
    expect(await run('rollback', '--to', '1', '-o', 'json')).toBe(0);
    expect(await run('destroy', '--confirm', 'shop')).toBe(0);
    expect(await run('destroy', '--confirm', 'shop', '--delete-data', '-o', 'json')).toBe(0);

    const cluster = at().plane.connect();
    const events = await cluster.list({ apiVersion: 'v1', kind: 'Event', plural: 'events', namespaced: true }, namespace);
    const state = await liveState(cluster, namespace);
    const withoutSecrets = Object.entries(state).filter(([name]) => !name.startsWith('Secret/'));
    const seen = [
      ...runs.flatMap(({ stdout, stderr }) => [stdout, stderr]),
      readFileSync(saved, 'utf8'),
      JSON.stringify(events),
      JSON.stringify(withoutSecrets),
    ].join('\n');
    const shown = values.flatMap((value, i) =>
      formsOf(value)
        .filter((form) => seen.includes(form))
        .map((form) => `canary ${i}: ${form}`),
    );
    expect(shown).toEqual([]);
    console.log(`measured · canaries · ${values.length} in ${runs.length} runs, ${seen.length} characters looked through`);
  }, 120_000);

  it('of a stack whose folder is elsewhere, or has newer ones, are hidden too', async () => {
    const namespace = await at().namespace();
    const { kubeconfig } = at().plane;
    const secret = (value: string) => JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, stringData: { key: value } });
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [{ name: 'web', image: 'slow:1' }] } };
    const folder = folderWith({ 'secret.json': secret('canary-that-is-deployed'), 'pod.json': JSON.stringify(pod) });
    expect((await berth(['apply', folder, '-n', namespace, '--timeout', '1s'], { kubeconfig })).code).toBe(4);
    const waiting = { reason: 'CreateContainerError', message: 'it is not canary-that-is-deployed' };
    const status = { phase: 'Pending', containerStatuses: [{ name: 'web', image: 'slow:1', imageID: '', ready: false, restartCount: 0, state: { waiting } }] };
    const path = `/api/v1/namespaces/${namespace}/pods/web/status`;
    await at().plane.connect().connection.call({ method: 'PATCH', path, body: { status }, contentType: 'application/merge-patch+json' });
    writeFiles(folder, { 'secret.json': secret('canary-of-the-next-release') });
    for (const stack of [['--name', 'shop'], [folder]])
      for (const format of ['table', 'json']) {
        const { code, stdout } = await berth(['doctor', ...stack, '-n', namespace, '-o', format], { kubeconfig });
        expect(code).toBe(4);
        expect(stdout).toContain('it is not (secret)');
      }
  }, 60_000);

  it('are in no revision but in its Secret: not in why it failed, and not in what kubectl or anybody else noted on a Secret', async () => {
    const namespace = await at().namespace();
    const [said, noted] = [`said-${randomBytes(6).toString('hex')}`, Buffer.from(`noted-${randomBytes(6).toString('hex')}`).toString('base64')];
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'keys',
        annotations: {
          'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ data: { noted } }),
          'example.com/note': `it was ${Buffer.from(noted, 'base64').toString('hex')}`,
        },
      },
      data: { noted, said: Buffer.from(said).toString('base64') },
    };
    // a container says the value, by its name
    const web = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: said, image: 'broken:1' }] } },
      },
    };
    const folder = folderWith({ 'secret.json': JSON.stringify(secret), 'web.json': JSON.stringify(web) });
    expect((await berth(['apply', folder, '-n', namespace], { kubeconfig: at().plane.kubeconfig })).code).toBe(4);
    const configMaps = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
    const revision = (await at().plane.connect().get({ resource: configMaps, namespace, name: 'berth-shop-revision-1' })) as unknown as {
      data: { message: string };
      binaryData: { manifests: string };
    };
    expect(revision.data.message).toMatch(/container \(secret\) ends with exit code 1/);
    const manifests = JSON.parse(gunzipSync(Buffer.from(revision.binaryData.manifests, 'base64')).toString()) as { kind: string; metadata: object }[];
    const recorded = manifests.find(({ kind }) => kind === 'Secret');
    expect(recorded).toMatchObject({ data: { noted: '', said: '' }, metadata: { annotations: { 'example.com/note': '' } } });
    for (const form of [noted, Buffer.from(noted, 'base64').toString('hex')]) expect(JSON.stringify(recorded)).not.toContain(form);
  }, 60_000);
});
