import type { ApiError } from '../cluster/api-error';
import { groupOf, type KubernetesObject } from '../manifests/kubernetes-object';

/** Whether an object is a configuration with the webhook that a refusal names. */
export function configures({ apiVersion, webhooks }: KubernetesObject, { message }: ApiError): boolean {
  if (groupOf(apiVersion) !== 'admissionregistration.k8s.io' || !Array.isArray(webhooks)) return false;
  return (webhooks as readonly { readonly name: string }[]).some(({ name }) => message.includes(`failed calling webhook "${name}"`));
}

/** Whether an object is the Service through which the webhook is asked that a refusal names. */
export function leadsTo({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject, { message }: ApiError): boolean {
  return apiVersion === 'v1' && kind === 'Service' && message.includes(`//${name}.${namespace}.svc:`);
}
