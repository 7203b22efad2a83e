/** What a pod is to its service. A Service selects servers only, so a migration is never sent a request. */
export type Component = 'server' | 'migration' | 'database';

/** The labels that select pods; they never change, because a Deployment's selector can't. */
export function selectorOf(name: string, component: Component): Record<string, string> {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/component': component };
}

/** The labels of an object and its pods: https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ */
export function labelsOf(name: string, component: Component): Record<string, string> {
  return { ...selectorOf(name, component), 'app.kubernetes.io/part-of': 'berth' };
}

/** The prefix of the annotations that `berth` reads. */
export const annotationPrefix = 'berth.dev';

/**
 * Data, and the namespace around it, which no tool deletes by itself: Helm, Argo CD and Flux each have a word for it. kubectl has none.
 * https://helm.sh/docs/howto/charts_tips_and_tricks/, https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/,
 * https://fluxcd.io/flux/components/kustomize/kustomizations/
 */
export const keepAnnotations: Readonly<Record<string, string>> = {
  'helm.sh/resource-policy': 'keep',
  'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
  'kustomize.toolkit.fluxcd.io/prune': 'disabled',
};
