import { type KubernetesObject, referenceOf } from '../../manifests/kubernetes-object';
import { containersOf, podSpecOf } from '../../manifests/pod-spec';
import { portKey, type Scene } from '../scene';
import { hasOwnAddress, hasSelector, podsBehind, serviceSpecOf, takesTcp, targetOf } from '../services';
import type { Finding, Rule } from '../verdict';

/** A Service that leads to a port at which its pods don't listen. A headless one leads to none: who asks for it gets the pods' addresses. */
export const servicePort: Rule = {
  name: 'service-port',
  look: (scene) =>
    scene.objects.flatMap(({ object }) => (object?.kind === 'Service' && hasSelector(object) && hasOwnAddress(object) ? (ofService(scene, object) ?? []) : [])),
};

function ofService(scene: Scene, service: KubernetesObject): Finding | undefined {
  const pods = podsBehind(service, scene);
  for (const each of serviceSpecOf(service).ports ?? []) {
    const { port, targetPort = port } = each;
    // one that has no port of that name is not sent to
    const pod = pods.find((candidate) => targetOf(each, candidate) !== undefined) ?? pods[0];
    if (pod === undefined) return undefined;
    const number = targetOf(each, pod);
    const closed = number === undefined || !takesTcp(each) ? undefined : scene.closedPorts.get(portKey(pod, number));
    if (number !== undefined && closed === undefined) continue;
    const has = portsText(pod);
    const why = number === undefined ? `"${targetPort}", and no pod has a port of that name` : `${number}, where nothing listens`;
    return {
      subject: referenceOf(service),
      cause: `its port ${port} leads to ${why}: its pods have ${has}`,
      evidence: [`pod ${pod.metadata.name} has the ports ${has}`, ...(closed === undefined ? [] : [closed])],
      next: [
        `kubectl get service ${service.metadata.name} -n ${service.metadata.namespace} -o yaml`,
        `kubectl describe endpointslices -n ${service.metadata.namespace}`,
      ],
      certainAfterMs: Infinity,
    };
  }
  return undefined;
}

function portsText(pod: KubernetesObject): string {
  const ports = containersOf(podSpecOf(pod)).flatMap(({ ports: all = [] }) => all);
  return ports.map(({ name, containerPort }) => (name === undefined ? String(containerPort) : `${name} (${containerPort})`)).join(', ') || 'none';
}
