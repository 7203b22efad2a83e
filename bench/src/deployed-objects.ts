import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { places } from './places';

/** A set of objects as every tool takes it. */
export interface ObjectSet {
  /** One file of YAML documents. */
  readonly file: string;
  /** A chart that prints the same file, made as `charts/` are. */
  readonly chart: string;
}

/** How many there are. */
export const objectCount = 30;

/** Objects of five kinds that need nobody's work to be ready, so that no tool waits for a cluster. Each differs from its like of another release. */
export function writeObjects(release: string): ObjectSet {
  const chart = places.file(`chart-${release}`);
  mkdirSync(join(chart, 'templates'), { recursive: true });
  const objects = Array.from({ length: objectCount }, (_, i) => objectOf(i, release));
  const file = join(chart, 'objects.yaml');
  writeFileSync(file, objects.map((object) => stringify(object)).join('---\n'));
  writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: shop\nversion: 0.1.0\n');
  writeFileSync(join(chart, 'templates', 'manifests.yaml'), '{{ .Files.Get "objects.yaml" }}\n');
  return { file, chart };
}

function objectOf(index: number, release: string): object {
  const metadata = { name: `thing-${index}`, labels: { 'app.kubernetes.io/name': `thing-${index}`, 'app.kubernetes.io/version': release } };
  const selector = { 'app.kubernetes.io/name': `thing-${index}` };
  switch (index % 5) {
    case 0:
      return { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false };
    case 1:
      return { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector, ports: [{ name: 'http', port: 8000 }] } };
    case 2:
      return {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata,
        spec: { podSelector: { matchLabels: selector }, policyTypes: ['Ingress'] },
      };
    case 3:
      return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }] };
    default:
      return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { LOG_LEVEL: 'info', text: 'a line of configuration\n'.repeat(20) } };
  }
}
