import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../src/cluster/cluster';
import type { Resource } from '../src/cluster/discovery';
import { Refused } from '../src/exit-codes';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import type { Plan } from '../src/plan/plan';
import { berth, folderWith } from '../testing/berth-process';
import { definition, kindOf } from '../testing/definitions';
import { statesSince } from '../testing/history';
import { applyObjects, silent } from '../testing/in-process';
import { describeWithControlPlane } from '../testing/use-control-plane';

const deployments: Resource = { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true };
const configMaps: Resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const configurations: Resource = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  namespaced: false,
};
const queues = kindOf('Queue');
const labels = { guarded: 'true' };

const deployment = (name: string, image: string, { replicas, isGuarded = false }: { replicas?: number; isGuarded?: boolean } = {}): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, ...(isGuarded ? { labels } : {}) },
  spec: {
    ...(replicas === undefined ? {} : { replicas }),
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, image }] } },
  },
});

const queue = (name: string, size: number): KubernetesObject => ({ apiVersion: 'example.dev/v1', kind: 'Queue', metadata: { name, labels }, spec: { size } });

const configMap = (size: number): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'sizes', labels },
  data: { size: String(size) },
});

describeWithControlPlane('a webhook of the stack that does not answer', (at) => {
  let cluster: Cluster;
  let server: Server;
  let isOver = false;
  /** Namespaces in which the webhook's pods don't run: they are as their Deployment's image is. */
  let broken: ReadonlySet<string | undefined> = new Set();
  const watch = async () => {
    for (; !isOver; await sleep(20)) {
      const all = await cluster.list(deployments).catch(() => []);
      broken = new Set(all.filter(({ spec }) => JSON.stringify(spec).includes('broken')).map(({ metadata }) => metadata.namespace));
    }
  };
  let watching: Promise<void>;
  beforeAll(async () => {
    cluster = at().plane.connect();
    await applyObjects(cluster, { name: 'definitions', namespace: await at().namespace() }, [definition('Queue')]);
    watching = watch();
    server = createServer(at().plane.certificate, (request, response) => {
      void (async () => {
        const { uid, namespace } = ((await json(request)) as { request: { uid: string; namespace: string } }).request;
        if (broken.has(namespace)) return void response.destroy();
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true } }));
      })();
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    isOver = true;
    await watching;
    server?.close();
    server?.closeAllConnections();
    cluster?.connection.close();
  });

  const configuration = (namespace: string): KubernetesObject => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: `queues-${namespace}` },
    webhooks: [
      {
        name: `queues.${namespace}.example.dev`,
        clientConfig: { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`, caBundle: Buffer.from(at().plane.ca).toString('base64') },
        rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources: ['queues', 'configmaps', 'deployments'] }],
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        objectSelector: { matchLabels: labels },
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  });

  /** More objects than are written at once, and one of a kind that comes before the workloads. */
  const guarded = (size: number) => [configMap(size), ...Array.from({ length: 30 }, (_, i) => queue(`queue-${i}`, size))];

  const wholeOf = (namespace: string, size: number, image: string) => [...guarded(size), deployment('webhook', image), configuration(namespace)];

  const sizes = async (namespace: string) => {
    const all = await cluster.list(queues, namespace);
    const { data } = (await cluster.get({ resource: configMaps, namespace, name: 'sizes' })) as unknown as { data: { size: string } };
    return new Set([Number(data.size), ...all.map(({ spec }) => (spec as { size: number }).size)]);
  };

  /** Waits until the API server knows of the configuration. */
  const untilAsked = async (namespace: string) => {
    for (;;) {
      const isRefused = await cluster
        .apply({ resource: configMaps, namespace, name: 'sizes' }, configMap(9), { dryRun: true, manager: 'another', force: true })
        .then(
          () => false,
          () => true,
        );
      if (isRefused) return;
    }
  };

  it('is mended by a rollback on failure, by apply and by rollback: what it looks at is written when it answers', async () => {
    const namespace = await at().namespace();
    const run = ([command = '', ...flags]: readonly string[], items: readonly KubernetesObject[]) => {
      const folder = folderWith({ 'all.json': JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
      const patience = command === 'plan' ? [] : ['--timeout', '15s'];
      return berth([command, folder, '-n', namespace, ...flags, ...patience], at().plane);
    };
    const good = wholeOf(namespace, 5, 'webhook:1');
    const bad = wholeOf(namespace, 6, 'broken');
    expect(await run(['apply'], good)).toMatchObject({ code: 0 });
    const taken = await run(['apply', '--rollback-on-failure'], bad);
    expect(taken.stderr).toContain('rolled back: revision 1 is deployed again');
    expect(taken.code).toBe(4);
    expect(await sizes(namespace)).toEqual(new Set([5]));

    expect((await run(['apply'], bad)).code).toBe(4);
    await untilAsked(namespace);
    const plan = await run(['plan'], wholeOf(namespace, 7, 'webhook:2'));
    expect(plan.stdout).toMatch(/~ Queue\/\S+\/queue-0 \(unverified\)\n {4}spec.size: \d → 7/);
    expect(plan.stdout).toMatch(/unverified: 31 can’t be tried on the server yet: a webhook that looks at it doesn't answer: .*failed calling webhook/);
    expect(await run(['apply'], wholeOf(namespace, 7, 'webhook:2'))).toMatchObject({ code: 0 });
    expect(await sizes(namespace)).toEqual(new Set([7]));
    expect((await run(['apply'], wholeOf(namespace, 7, 'webhook:2'))).stdout).toContain('unchanged');

    expect((await run(['apply'], bad)).code).toBe(4);
    await untilAsked(namespace);
    expect((await run(['rollback'], good)).code).toBe(0);
    expect(await sizes(namespace)).toEqual(new Set([7]));
  }, 120_000);

  it('and is left out of the manifests is named, with the way out', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    const { namespace } = stack;
    await applyObjects(cluster, stack, wholeOf(namespace, 5, 'webhook:1'));
    await applyObjects(cluster, stack, wholeOf(namespace, 5, 'broken')).catch(() => undefined);
    await untilAsked(namespace);
    const without = [...guarded(6), deployment('other', 'other:1')];
    const waited = applyObjects(cluster, stack, without, { timeoutMs: 3_000 });
    await expect(waited).rejects.toMatchObject({ exitCode: 4 });
    await expect(waited).rejects.toThrow(
      `could not be applied in time: a webhook of ValidatingWebhookConfiguration/queues-${namespace} doesn't answer: if it isn't to come back, take its configuration away with kubectl delete validatingwebhookconfiguration queues-${namespace}`,
    );
    await cluster.connection.call({ method: 'DELETE', path: `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/queues-${namespace}` });
    await applyObjects(cluster, stack, without);
    expect(await sizes(namespace)).toEqual(new Set([6]));
  }, 60_000);

  it.each([
    ['apply', 'the account that is written first'],
    ['destroy', 'an object that goes'],
  ])(
    'is told by %s with the way out, where it looks at %s',
    async (command) => {
      const namespace = await at().namespace();
      const folder = folderWith({ 'sizes.json': JSON.stringify(configMap(5)) });
      const run = (args: readonly string[]) => berth([...args, '-n', namespace, '--timeout', '5s'], at().plane);
      expect(await run(['apply', folder])).toMatchObject({ code: 0 });
      const made = { resource: configurations, name: `queues-${namespace}` };
      const [webhook] = (configuration(namespace) as unknown as { webhooks: readonly object[] }).webhooks;
      const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] }];
      const isDown = { clientConfig: { url: 'https://127.0.0.1:1/' }, objectSelector: {}, rules };
      await cluster.create(made, { ...configuration(namespace), webhooks: [{ ...webhook, ...isDown }] });
      await untilAsked(namespace);
      writeFileSync(join(folder, 'sizes.json'), JSON.stringify(configMap(6)));
      const { code, stderr } = await run(command === 'apply' ? ['apply', folder] : ['destroy', folder, '--confirm', 'shop']);
      expect(code).toBe(1);
      expect(stderr).toMatch(/doesn't answer: bring back what it leads to, or take its configuration away \(kubectl get validatingwebhookconfigurations,/);
      const { uid } = (await cluster.get(made))!.metadata;
      await cluster.delete(made, uid!);
    },
    60_000,
  );

  it('lets be told what can be told without the server: whose fields are, and which replicas stay', async () => {
    const stack = { name: 'shop', namespace: await at().namespace() };
    const { namespace } = stack;
    const web = { resource: deployments, namespace, name: 'web' };
    const setOf = (webhook: string, more: readonly KubernetesObject[]) => [deployment('webhook', webhook), configuration(namespace), configMap(5), ...more];
    await applyObjects(cluster, stack, setOf('webhook:1', [deployment('web', 'web:1', { replicas: 3, isGuarded: true })]));
    const { resourceVersion } = (await cluster.get(web))!.metadata;
    await applyObjects(cluster, stack, setOf('broken', [deployment('web', 'web:1', { replicas: 3, isGuarded: true })])).catch(() => undefined);
    await untilAsked(namespace);
    const autoscaler: KubernetesObject = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web' },
      spec: { maxReplicas: 5, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
    };
    const plans: Plan[] = [];
    const scaled = setOf('webhook:2', [deployment('web', 'web:2', { isGuarded: true }), autoscaler]);
    await applyObjects(cluster, stack, scaled, { progress: { ...silent, plan: (plan) => plans.push(plan) } });
    expect(plans[0]!.objects.find(({ reference }) => reference.name === 'web')).toMatchObject({
      action: 'change',
      verified: false,
      changes: [{ path: 'spec.template.spec.containers[web].image', from: 'web:1', to: 'web:2' }],
      notes: [expect.stringContaining('failed calling webhook'), 'spec.replicas stays 3 and is left to the autoscaler'],
    });
    for (const { metadata, spec } of await statesSince(at().plane, `/apis/apps/v1/namespaces/${namespace}/deployments`, resourceVersion!))
      if (metadata.name === 'web') expect(spec).toMatchObject({ replicas: 3 });

    await cluster.apply(web, deployment('web', 'web:9', { isGuarded: true }), { manager: 'a-person', force: true });
    await applyObjects(cluster, stack, setOf('broken', []), { replaceAll: true }).catch(() => undefined);
    await untilAsked(namespace);
    const refused = applyObjects(cluster, stack, scaled);
    await expect(refused).rejects.toThrow(Refused);
    await expect(refused).rejects.toThrow(/image was set by a-person/);
  }, 60_000);
});
