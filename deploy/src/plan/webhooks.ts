import type { ApiError } from '../cluster/api-error';
import { groupOf, type KubernetesObject, nameOf } from '../manifests/kubernetes-object';
import type { Plan, PlannedObject } from './plan';

/** Whether an object is a configuration with the webhook that a refusal names. */
export function configures({ apiVersion, webhooks }: KubernetesObject, { message }: ApiError): boolean {
  if (groupOf(apiVersion) !== 'admissionregistration.k8s.io' || !Array.isArray(webhooks)) return false;
  return (webhooks as readonly { readonly name: string }[]).some(({ name }) => message.includes(`failed calling webhook "${name}"`));
}

/** What was waited for in vain. A configuration that the manifests no longer have is pruned when all is ready, which may be never: people have to choose. */
export function unansweredWords({ reference }: PlannedObject, error: ApiError, { objects, leftovers }: Pick<Plan, 'objects' | 'leftovers'>): string {
  const configuration = [...objects.map(({ object }) => object), ...leftovers.flatMap(({ live }) => live ?? [])].find((object) => configures(object, error));
  const start = `${nameOf(reference)} could not be applied in time: a webhook`;
  if (configuration === undefined) return `${start} that looks at it doesn't answer: ${error.message}`;
  const { kind, metadata } = configuration;
  const cure = `if it isn't to come back, take its configuration away with kubectl delete ${kind.toLowerCase()} ${metadata.name}`;
  return `${start} of ${kind}/${metadata.name} doesn't answer: ${cure}: ${error.message}`;
}

/** What ended a run that can't go on without a webhook: the account of the stack, or an object that goes, is what it looks at. */
export function deadWebhookWords({ message }: ApiError): string {
  const lists = 'kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations';
  return `a webhook that looks at it doesn't answer: bring back what it leads to, or take its configuration away (${lists} lists them), and run the command again: ${message}`;
}

/** Whether an object is the Service through which the webhook is asked that a refusal names. */
export function leadsTo({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject, { message }: ApiError): boolean {
  return apiVersion === 'v1' && kind === 'Service' && message.includes(`//${name}.${namespace}.svc:`);
}
