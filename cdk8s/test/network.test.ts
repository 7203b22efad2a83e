import { boatService, environment, type Manifest, objectsOf, podTemplatesOf, services } from './synthesized';
import { mayConnect, type Pod } from './network-policies';

const production = environment('production');
const external = {
  ...production,
  name: 'external',
  store: { kind: 'external-postgres', host: 'db.example', port: 5432, cidr: '10.20.0.0/16', maxConnections: 900 },
} as const;
const kinds = [...['local', 'staging', 'production'].map(environment), external];
const all = [...services, boatService];
const dns = 53;

/** Other pods where those live that may come in. */
const neighbours = ['ingress-nginx', 'monitoring', 'kube-system', 'cnpg-system'];

/** Pods that the manifests don't make: somebody to knock at every door. */
function outsiders(namespace: string): readonly Pod[] {
  const { ingress, monitoring, store } = production;
  const elsewhere = (name: string, pods: { namespace: string; labels: Readonly<Record<string, string>> }): Pod => ({ name, ...pods });
  return [
    elsewhere('ingress controller', ingress!.controller),
    elsewhere('prometheus', monitoring!.prometheus),
    elsewhere('dns', { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } }),
    elsewhere('database operator', store.kind === 'cloud-native-postgres' ? store.operator : { namespace: 'x', labels: {} }),
    ...neighbours.map((where) => elsewhere(`neighbour in ${where}`, { namespace: where, labels: { app: 'neighbour' } })),
    elsewhere('stranger', { namespace, labels: { app: 'stranger' } }),
    elsewhere('stranger elsewhere', { namespace: 'default', labels: { 'app.kubernetes.io/name': 'user-service', 'app.kubernetes.io/component': 'server' } }),
    elsewhere('false prometheus', { namespace: 'default', labels: monitoring!.prometheus.labels }),
    elsewhere('false dns', { namespace: 'default', labels: { 'k8s-app': 'kube-dns' } }),
    { name: 'outside', address: '93.184.216.34' },
    { name: 'external database', address: '10.20.3.4' },
    { name: 'cloud metadata', address: '169.254.169.254' },
  ];
}

/** Who there is: the pods that the manifests make, by what they are to their service, and the outsiders. */
function podsOf(objects: readonly Manifest[], namespace: string): readonly Pod[] {
  const made = podTemplatesOf(objects).map(({ metadata: { labels } }) => ({
    name: `${labels!['app.kubernetes.io/name']} ${labels!['app.kubernetes.io/component']}`,
    namespace,
    labels: labels!,
  }));
  const databases = objects
    .filter(({ kind }) => kind === 'Cluster')
    .map(({ metadata: { name } }) => ({ name, namespace, labels: { 'cnpg.io/cluster': name } }));
  return [...made, ...databases, ...outsiders(namespace)];
}

/** The graph that the declarations and the environment say, as `from → to:port`. */
function declaredGraph(store: string): string[] {
  const edges: string[] = [];
  for (const { name, port, peers } of all) {
    const [server, migration] = [`${name} server`, `${name} migration`];
    const own = store === 'sqlite' ? [server] : [server, migration];
    edges.push(`ingress controller → ${server}:${port}`, `prometheus → ${server}:${port}`, ...own.map((pod) => `${pod} → dns:${dns}`));
    for (const peer of peers) edges.push(`${server} → ${peer.name} server:${all.find((service) => service.name === peer.name)!.port}`);
    if (store === 'postgres-server') edges.push(...own.map((pod) => `${pod} → postgres database:5432`));
    if (store === 'external-postgres') edges.push(...own.map((pod) => `${pod} → external database:5432`));
    if (store === 'cloud-native-postgres') {
      const database = `${name}-database`;
      edges.push(...own.map((pod) => `${pod} → ${database}:5432`), `${database} → ${database}:5432`, `${database} → ${database}:8000`);
      // an instance asks the API server, wherever that is
      edges.push(
        `database operator → ${database}:8000`,
        `${database} → dns:${dns}`,
        ...addresses.flatMap((address) => [`${database} → ${address}:443`, `${database} → ${address}:6443`]),
      );
      edges.push(
        ...[
          'ingress controller',
          'prometheus',
          'dns',
          'database operator',
          'stranger elsewhere',
          'false prometheus',
          'false dns',
          ...neighbours.map((where) => `neighbour in ${where}`),
        ].flatMap((other) => [`${database} → ${other}:443`, `${database} → ${other}:6443`]),
      );
    }
  }
  return edges.sort();
}

const addresses = ['outside', 'external database', 'cloud metadata'];
const ports = [dns, 80, 443, 5432, 6443, 8000, 8001, 8009, 9187];

describe.each(kinds)('in $name', (where) => {
  const objects = objectsOf(where, all);
  const namespace = `berth-${where.name}`;
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
  const pods = podsOf(objects, namespace);
  const isOurs = (pod: Pod) => pod.namespace === namespace;

  it('who may reach whom is what the declarations say, and nothing else', () => {
    const edges = pods
      .flatMap((from) => pods.flatMap((to) => ports.map((port) => ({ from, to, port }))))
      .filter(({ from, to }) => isOurs(from) || isOurs(to))
      .filter(({ from, to, port }) => mayConnect(policies, namespace, from, to, port))
      .map(({ from, to, port }) => `${from.name} → ${to.name}:${port}`);
    expect([...new Set(edges)].sort()).toEqual(declaredGraph(where.store.kind));
  });

  it('each policy is about pods that there are', () => {
    for (const { metadata, spec } of policies) {
      const wanted = Object.entries((spec as { podSelector: { matchLabels?: Record<string, string> } }).podSelector.matchLabels ?? {});
      expect([metadata.name, pods.some((pod) => isOurs(pod) && wanted.every(([label, value]) => pod.labels?.[label] === value))]).toEqual([
        metadata.name,
        true,
      ]);
    }
  });
});

it('without the default policy strangers could get in and out', () => {
  const objects = objectsOf('staging', all);
  const policies = objects.filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name !== 'default-deny');
  const stranger = (name: string): Pod => ({ name, namespace: 'berth-staging', labels: { app: name } });
  expect(mayConnect(policies, 'berth-staging', stranger('one'), stranger('two'), 80)).toBe(true);
});
