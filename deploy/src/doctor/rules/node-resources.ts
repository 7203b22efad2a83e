import { perUnscheduled } from '../scheduling';
import { containersOf, podSpecOf } from '../../manifests/pod-spec';
import { bytesText, quantity } from '../quantity';
import type { Scene } from '../scene';
import type { Rule } from '../verdict';
import type { KubernetesObject } from '../../manifests/kubernetes-object';

/** A pod that asks for more than any node has free. */
export const nodeResources: Rule = {
  name: 'node-resources',
  isQuick: true,
  look: (scene) =>
    perUnscheduled(scene, /Insufficient |Too many pods/, (words, pod) => {
      const resources = [...new Set([...words.matchAll(/Insufficient ([\w./-]+?)[.,;]?(?:\s|$)/g)].map(([, name]) => name!.replace(/\.$/, '')))];
      const asked = resources.map((name) => askedText(name, asks(pod, name)));
      return {
        why: `no node has room for it: it asks for ${asked.join(' and ') || 'a place, and each node has as many pods as it takes'}`,
        evidence: resources.flatMap((name) => largest(scene, name)),
        next: ["kubectl describe nodes | grep -A 8 'Allocated resources'"],
      };
    }),
};

/** Init containers run before the others, and one at a time. */
function asks(pod: KubernetesObject, resource: string): number {
  const { initContainers = [] } = podSpecOf(pod);
  const ask = (container: { resources?: { requests?: Readonly<Record<string, string>> } }) => quantity(container.resources?.requests?.[resource]);
  const together = containersOf(podSpecOf(pod))
    .filter((container) => !initContainers.includes(container))
    .reduce((sum, container) => sum + ask(container), 0);
  return Math.max(together, ...initContainers.map(ask));
}

function askedText(resource: string, amount: number): string {
  return resource === 'cpu' ? `${amount} CPU` : resource === 'memory' ? `${bytesText(amount)} memory` : `${amount} ${resource}`;
}

function largest({ nodes }: Scene, resource: string): string[] {
  const amounts = nodes.map(({ status }) => quantity(((status ?? {}) as { allocatable?: Record<string, string> }).allocatable?.[resource]));
  return amounts.length === 0 ? [] : [`the largest of ${amounts.length} nodes has ${askedText(resource, Math.max(...amounts))} for all its pods`];
}
