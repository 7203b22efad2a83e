import type { KubernetesObject } from '../../manifests/kubernetes-object';
import { current, inProgress, type Readiness, type Surroundings } from '../state';

interface ServiceSpec {
  readonly type?: string;
  readonly selector?: Readonly<Record<string, string>>;
}

/** Ready when a pod answers for it and, of type LoadBalancer, when it has an address. One without a selector has its endpoints from elsewhere. */
export function service(object: KubernetesObject, { endpoints }: Surroundings): Readiness {
  const { type, selector = {} } = (object.spec ?? {}) as ServiceSpec;
  const { loadBalancer } = (object.status ?? {}) as { loadBalancer?: { ingress?: readonly unknown[] } };
  if (type === 'LoadBalancer' && (loadBalancer?.ingress ?? []).length === 0) return inProgress('it has no address yet: nobody has made its load balancer');
  if (type === 'ExternalName' || Object.keys(selector).length === 0 || endpoints === undefined || endpoints.ready > 0) return current;
  const pairs = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
  return inProgress(endpoints.all > 0 ? `none of its ${endpoints.all} pods is ready` : `no pod has its labels: ${pairs.join(', ')}`);
}
