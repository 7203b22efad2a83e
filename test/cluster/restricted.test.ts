import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { describeOnCluster, kubectlSaid } from './cluster';
import { makeNamespace, namespaceOf, remove } from './environments';
import { type Breach, breaches, type PodTemplate } from './restricted.cases';

const repository = resolve(__dirname, '../..');
const environments = ['local', 'staging', 'production'];
const namespace = namespaceOf('staging');

describeOnCluster('Pod Security', () => {
  beforeAll(async () => {
    for (const environment of environments) await makeNamespace(environment);
  }, 60_000);
  afterAll(() => Promise.all(environments.map(remove)), 180_000);

  it.each(environments)(
    'admits every pod of %s, and warns of none',
    async (environment) => {
      const templates = podTemplates(environment);
      expect(templates.length).toBeGreaterThanOrEqual(2);
      for (const { owner, template } of templates) {
        const { stderr } = await asPod(namespaceOf(environment), template);
        expect([owner, stderr]).toEqual([owner, '']);
      }
    },
    60_000,
  );

  it('warns of a workload that it would refuse the pods of', async () => {
    const { stderr } = await kubectlSaid(
      ['create', '-n', namespace, '--dry-run=server', '-f', '-'],
      JSON.stringify({ ...deployment(), metadata: { name: 'careless' } }),
    );
    expect(stderr).toMatch(/Warning: would violate PodSecurity "restricted:v1\.34"/);
  });

  it.each(breaches)('refuses a pod with $what', async ({ breach, said }: Breach) => {
    const template = structuredClone(podTemplates('staging').find(({ owner }) => owner === 'Deployment/order-service')!.template);
    breach(template);
    await expect(asPod(namespace, template)).rejects.toThrow(said);
  });

  it('has a case a rule, 25 at least', () => {
    expect(new Set(breaches.map(({ what }) => what)).size).toBeGreaterThanOrEqual(25);
  });
});

/** Creates the pod without keeping it: admission is the real one. */
function asPod(where: string, { metadata, spec }: PodTemplate) {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, generateName: 'tried-' },
    spec: { ...(spec as object), serviceAccountName: 'default' },
  };
  return kubectlSaid(['create', '-n', where, '--dry-run=server', '-f', '-'], JSON.stringify(pod));
}

interface Workload {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly template: PodTemplate; readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[] };
}

function podTemplates(environment: string): { readonly owner: string; readonly template: PodTemplate }[] {
  const files = globSync(`charts/${environment}/manifests/**/*.yaml`, { cwd: repository });
  const workloads = files
    .map((file) => parse(readFileSync(resolve(repository, file), 'utf8')) as Workload)
    .filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job'].includes(kind));
  return workloads.map(({ kind, metadata, spec }) => ({ owner: `${kind}/${metadata.name}`, template: withClaims(spec) }));
}

/** As the StatefulSet's controller does: a volume for each claim's template. */
function withClaims({ template, volumeClaimTemplates = [] }: Workload['spec']): PodTemplate {
  const claims = volumeClaimTemplates.map(({ metadata: { name } }) => ({ name, persistentVolumeClaim: { claimName: `${name}-0` } }));
  const spec = template.spec as { volumes?: object[] };
  return { ...template, spec: { ...spec, volumes: [...(spec.volumes ?? []), ...claims] } };
}

function deployment(): object {
  const labels = { app: 'careless' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'careless', image: 'node:24-bookworm-slim' }] } };
  return { apiVersion: 'apps/v1', kind: 'Deployment', spec: { selector: { matchLabels: labels }, template } };
}
