import { type KubernetesObject, referenceOf } from '../../manifests/kubernetes-object';
import { containersOf, podSpecOf } from '../../manifests/pod-spec';
import { labelsText } from '../../manifests/selectors';
import { portKey, type Scene } from '../scene';
import { askedPods, hasOwnAddress, hasSelector, makerOf, podsBehind, serviceSpecOf, takesTcp, targetOf } from '../services';
import type { Finding, Rule } from '../verdict';

/** A Service that leads to a port at which its pods, or a stray one that it selects too, don't listen. A headless one leads to none: who asks for it gets the pods' addresses. */
export const servicePort: Rule = {
  name: 'service-port',
  look: (scene) =>
    scene.objects.flatMap(({ object }) => (object?.kind === 'Service' && hasSelector(object) && hasOwnAddress(object) ? (ofService(scene, object) ?? []) : [])),
};

/** A pod whose port refused. */
interface Closed {
  readonly pod: KubernetesObject;
  readonly number: number;
  readonly words?: string | undefined;
}

function ofService(scene: Scene, service: KubernetesObject): Finding | undefined {
  const pods = podsBehind(service, scene);
  const ready = askedPods(service, scene);
  for (const each of pods.length === 0 ? [] : (serviceSpecOf(service).ports ?? [])) {
    const { port, targetPort = port } = each;
    // one that has no port of that name is not sent to
    if (!pods.some((pod) => targetOf(each, pod) !== undefined)) return nowhere(service, port, `"${targetPort}", and no pod has a port of that name`, pods[0]!);
    if (!takesTcp(each)) continue;
    const asked = ready.flatMap((pod) => {
      const number = targetOf(each, pod);
      return number === undefined ? [] : [{ pod, number, words: scene.closedPorts.get(portKey(pod, number)) }];
    });
    const closed = asked.find(({ words }) => words !== undefined);
    if (closed === undefined) continue;
    if (asked.some(({ words }) => words === undefined)) return stray(scene, service, port, closed);
    return nowhere(service, port, `${closed.number}, where nothing listens`, closed.pod, closed.words);
  }
  return undefined;
}

function nowhere(service: KubernetesObject, port: number, why: string, pod: KubernetesObject, words?: string): Finding {
  const has = portsText(pod);
  return {
    subject: referenceOf(service),
    cause: `its port ${port} leads to ${why}: its pods have ${has}`,
    evidence: [`pod ${pod.metadata.name} has the ports ${has}`, ...(words === undefined ? [] : [words])],
    next: [
      `kubectl get service ${service.metadata.name} -n ${service.metadata.namespace} -o yaml`,
      `kubectl describe endpointslices -n ${service.metadata.namespace}`,
    ],
    certainAfterMs: Infinity,
  };
}

function stray(scene: Scene, service: KubernetesObject, port: number, { pod, number, words = '' }: Closed): Finding {
  const { name, namespace } = service.metadata;
  const selector = labelsText(serviceSpecOf(service).selector!);
  return {
    subject: referenceOf(service),
    cause: `its port ${port} leads to ${number}, where the pod ${pod.metadata.name} of ${makerOf(pod, scene)}, which it selects too, does not listen: its other pods do`,
    evidence: [words],
    next: [`kubectl get pods -n ${namespace} -l ${selector} --show-labels`, `kubectl get service ${name} -n ${namespace} -o jsonpath='{.spec.selector}'`],
    certainAfterMs: Infinity,
  };
}

function portsText(pod: KubernetesObject): string {
  const ports = containersOf(podSpecOf(pod)).flatMap(({ ports: all = [] }) => all);
  return ports.map(({ name, containerPort }) => (name === undefined ? String(containerPort) : `${name} (${containerPort})`)).join(', ') || 'none';
}
