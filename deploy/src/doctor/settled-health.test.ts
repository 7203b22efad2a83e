import type { KubernetesObject } from '../manifests/kubernetes-object';
import { emptyScene, type Health, type Scene } from './scene';
import { settledHealth } from './settled-health';

const now = Date.parse('2026-01-01T00:01:00Z');

function peer(name: string, readyFor: number, isReady = true): KubernetesObject {
  const lastTransitionTime = new Date(now - readyFor * 1_000).toISOString();
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', labels: { app: 'users' } },
    status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime }] },
  };
}

const service: KubernetesObject = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'users', namespace: 'shop' }, spec: { selector: { app: 'users' } } };
const pod: KubernetesObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'orders', namespace: 'shop' } };
const scene = (...pods: readonly KubernetesObject[]): Scene => ({ ...emptyScene, now, services: [service], pods });
const degraded: Health = { status: 'degraded', checks: { database: { status: 'ok' }, users: { status: 'unavailable' } } };

describe('what a pod says of itself', () => {
  it('is not held against it where its peer became ready a moment ago', () => {
    expect(settledHealth(degraded, pod, scene(peer('one', 2), peer('other', 5)))).toEqual({ status: 'ok', checks: { database: { status: 'ok' } } });
  });

  it.each<[string, readonly KubernetesObject[]]>([
    ['its peer has long been ready', [peer('one', 2), peer('other', 30)]],
    ['its peer is not ready', [peer('one', 2, false)]],
    ['its peer has no pods', []],
  ])('counts where %s', (_, pods) => {
    expect(settledHealth(degraded, pod, scene(...pods))).toBe(degraded);
  });

  it('counts for the rest', () => {
    const more = { ...degraded, status: 'unavailable', checks: { ...degraded.checks, database: { status: 'unavailable' } } };
    expect(settledHealth(more, pod, scene(peer('one', 2)))).toEqual({ status: 'unavailable', checks: { database: { status: 'unavailable' } } });
  });
});
