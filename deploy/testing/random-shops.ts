import fc from 'fast-check';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';

/** What a set of manifests is made of. */
export interface Shop {
  deployment: {
    image: string;
    env: Record<string, string>;
    cpu: string | null;
    ports: number[];
    replicas: number | null;
    args: string[];
    sidecar: boolean;
    probe: string | null;
  };
  service: { ports: Record<string, number>; labels: Record<string, string> };
  configuration: Record<string, string>;
  secret: Record<string, string>;
  role: string[][];
}

const word = fc.constantFrom('a', 'b', 'c', 'd');
const value = fc.constantFrom('one', 'two', 'three\nlines\nof it', 'true', '1', '');

/** Random shops: what they have in common and not is what a change from one to the other is. */
export const shops: fc.Arbitrary<Shop> = fc.record({
  deployment: fc.record({
    image: fc.constantFrom('web:1', 'web:2'),
    env: fc.dictionary(word, value, { maxKeys: 3 }),
    cpu: fc.option(fc.constantFrom('100m', '0.1', '2')),
    ports: fc.uniqueArray(fc.constantFrom(80, 443, 9090), { minLength: 1 }),
    replicas: fc.option(fc.constantFrom(1, 2)),
    args: fc.array(word, { maxLength: 3 }),
    sidecar: fc.boolean(),
    probe: fc.option(fc.constantFrom('/ready', '/live')),
  }),
  service: fc.record({
    ports: fc
      .dictionary(word, fc.constantFrom(80, 81, 82, 83), { minKeys: 1, maxKeys: 3 })
      .filter((ports) => new Set(Object.values(ports)).size === Object.keys(ports).length),
    labels: fc.dictionary(fc.constantFrom('team', 'example.com/tier'), word),
  }),
  configuration: fc.dictionary(word, value),
  secret: fc.dictionary(word, fc.constantFrom('a-secret-value', 'another-secret-value')),
  role: fc.array(fc.uniqueArray(fc.constantFrom('get', 'list', 'watch'), { minLength: 1 }), { maxLength: 2 }),
});

/** The manifests of a shop: of five kinds, with lists that are merged by key, by value and not at all. */
export function objectsOf({ deployment, service, configuration, secret, role }: Shop): KubernetesObject[] {
  const container = {
    name: 'web',
    image: deployment.image,
    args: deployment.args,
    env: Object.entries(deployment.env).map(([name, text]) => ({ name: name.toUpperCase(), value: text })),
    ports: deployment.ports.map((port) => ({ name: `p${port}`, containerPort: port })),
    ...(deployment.cpu === null ? {} : { resources: { limits: { cpu: deployment.cpu } } }),
    ...(deployment.probe === null ? {} : { readinessProbe: { httpGet: { path: deployment.probe, port: 80 } } }),
  };
  const containers = [container, ...(deployment.sidecar ? [{ name: 'sidecar', image: 'side:1' }] : [])];
  const labels = { app: 'web' };
  const spec = {
    ...(deployment.replicas === null ? {} : { replicas: deployment.replicas }),
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers } },
  };
  const ports = Object.entries(service.ports).map(([name, port]) => ({ name, port }));
  return [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec },
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', labels: service.labels }, spec: { selector: labels, ports } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'configuration' }, data: configuration },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'secret' }, stringData: secret },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'role' },
      rules: role.map((verbs) => ({ apiGroups: [''], resources: ['pods'], verbs })),
    },
  ];
}
