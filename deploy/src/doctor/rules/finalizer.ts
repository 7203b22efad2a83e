import { ageOf } from '../../output/age';
import { nameOf } from '../../manifests/kubernetes-object';
import type { Rule } from '../verdict';

/** Deleting takes a while where pods have to end, or dependents go first. Milliseconds. */
const patienceMs: Readonly<Record<string, number>> = { Pod: 60_000, Namespace: 60_000 };
const ownControllerMs = 60_000;
const othersMs = 5_000;

/** Finalizers that the cluster's own controllers take off. */
const clusters = /^(foregroundDeletion|orphan|kubernetes|batch\.kubernetes\.io\/.*|kubernetes\.io\/.*)$/;

/** An object that can't go, because whoever should let it go doesn't. */
export const finalizer: Rule = {
  name: 'finalizer',
  look: (scene) =>
    scene.objects.flatMap(({ object, reference }) => {
      const { deletionTimestamp, finalizers = [] } = object?.metadata ?? {};
      if (deletionTimestamp === undefined) return [];
      const held = reference.kind === 'Namespace' ? ['kubernetes'] : finalizers;
      const isOwn = held.every((each) => clusters.test(each));
      const patience = patienceMs[reference.kind] ?? (isOwn ? ownControllerMs : othersMs);
      if (held.length === 0 || scene.now - Date.parse(deletionTimestamp) < patience) return [];
      const words = conditionsOf(object!.status);
      const kind = reference.kind.toLowerCase();
      const where = `${kind} ${reference.name}${reference.namespace === undefined ? '' : ` -n ${reference.namespace}`}`;
      return [
        {
          subject: reference,
          cause: `it is being deleted since ${ageOf(deletionTimestamp, scene.now)}, and held by ${held.join(', ')}: ${whoHolds(held, nameOf(reference))}`,
          evidence: [`metadata.deletionTimestamp ${deletionTimestamp}, metadata.finalizers ${held.join(', ')}`, ...words],
          next: [`kubectl get ${where} -o yaml`, ...(isOwn ? [`kubectl describe ${where}`] : [`kubectl get pods -A | grep -i ${controllerOf(held[0]!)}`])],
          certainAfterMs: Infinity,
        },
      ];
    }),
};

function whoHolds(finalizers: readonly string[], name: string): string {
  if (finalizers.includes('kubernetes.io/pvc-protection')) return `a pod still uses ${name}`;
  return finalizers.every((each) => clusters.test(each))
    ? 'something that it has is not gone yet'
    : `who sets it has to take it off; is its controller running?`;
}

/** `shop` of `shop.example/till`. */
function controllerOf(finalizer: string): string {
  return finalizer.split('/')[0]!.split('.')[0]!;
}

/** A namespace says what is left in it. */
function conditionsOf(status: unknown): string[] {
  const { conditions = [] } = (status ?? {}) as { conditions?: readonly { type: string; status: string; message?: string }[] };
  return conditions.filter(({ type, status: is }) => is === 'True' && /Remaining|Failure/.test(type)).map(({ type, message = '' }) => `${type}: ${message}`);
}
