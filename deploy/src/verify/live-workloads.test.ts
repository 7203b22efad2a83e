import type { KubernetesObject } from '../manifests/kubernetes-object';
import { provablesOf } from './live-workloads';

const deployment = (...httpGets: object[]): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { template: { spec: { containers: httpGets.map((httpGet, i) => ({ name: `c${i}`, readinessProbe: { httpGet } })) } } },
});

describe('a workload’s health', () => {
  it.each<[string, object[], object | undefined]>([
    ['HTTP', [{ path: '/ready', port: 80, scheme: 'HTTP' }], { path: '/ready', port: 80, scheme: 'http', headers: {} }],
    ['HTTPS', [{ path: '/ready', port: 'https', scheme: 'HTTPS' }], { path: '/ready', port: 'https', scheme: 'https', headers: {} }],
    [
      'the first of several',
      [
        { port: 443, scheme: 'HTTPS' },
        { path: '/other', port: 80 },
      ],
      { path: '/', port: 443, scheme: 'https', headers: {} },
    ],
    ['none', [], undefined],
  ])('is asked for as its readiness probe says: %s', (_, httpGets, health) => {
    expect(provablesOf([deployment(...httpGets)])[0]!.health).toEqual(health);
  });
});
