import { type KubernetesObject, referenceOf } from '../../manifests/kubernetes-object';
import { conditionOf } from '../../readiness/conditions';
import { type Connection, connectionsOf, isDatabase } from '../connections';
import { logsCommand, podsNowOf, describeCommand } from '../pod-findings';
import { isSeen, type Scene } from '../scene';
import { hasOwnAddress, missedBy, podsBehind, readyAddresses, serviceSpecOf, targetPortOf } from '../services';
import { isRecentLine, plainLine } from '../log-words';
import { blockedBetween } from '../network-policies';
import { podSpecOf } from '../../manifests/pod-spec';
import type { Finding, Rule } from '../verdict';

/** An address in a configuration that leads to a Service, but to a port that it hasn't, to the sender itself, or to something that answers otherwise. */
export const peerUrl: Rule = {
  name: 'peer-url',
  look: (scene) =>
    connectionsOf(scene).flatMap((connection) => {
      const found = wrongPort(connection) ?? toItself(scene, connection) ?? unanswered(scene, connection);
      return found === undefined ? [] : { ...found, isSymptom: connection.service !== undefined && missedBy(connection.service, scene) !== undefined };
    }),
};

function base({ workload, variable, shown, source, namespace, serviceName }: Connection): Omit<Finding, 'cause'> {
  return {
    subject: referenceOf(workload),
    evidence: [`${variable}=${shown}, in ${source}`],
    next: [`kubectl get service ${serviceName} -n ${namespace}`, describeCommand(workload)],
    certainAfterMs: Infinity,
    fault: `${variable} ${shown}`,
  };
}

function wrongPort(connection: Connection): Finding | undefined {
  const { service, port, shown, variable, serviceName } = connection;
  const ports = service && hasOwnAddress(service) ? serviceSpecOf(service).ports : undefined;
  if (ports === undefined || port === 0 || ports.length === 0 || ports.some((each) => each.port === port)) return undefined;
  const has = ports.map((each) => each.port).join(', ');
  return { ...base(connection), cause: `${variable} is ${shown}, and the Service ${serviceName} has no port ${port}: it has ${has}` };
}

function toItself(scene: Scene, connection: Connection): Finding | undefined {
  const { service, workload, variable, shown } = connection;
  if (service === undefined || workload.kind === 'Job') return undefined;
  const own = new Set(podsNowOf(workload, scene));
  const behind = podsBehind(service, scene);
  if (behind.length === 0 || !behind.every((pod) => own.has(pod)) || peerCheck(scene, connection) === undefined) return undefined;
  return { ...base(connection), cause: `${variable} is ${shown}, which leads back to ${workload.metadata.name} itself` };
}

/** The peer is up and let through, and the sender says that it doesn't answer as it should: then it is not what the address should lead to. */
function unanswered(scene: Scene, connection: Connection): Finding | undefined {
  const { service, workload, variable, shown, port } = connection;
  const check = peerCheck(scene, connection);
  const refusal = configurationError(scene, connection);
  if (service === undefined || isDatabase(connection) || (check === undefined && refusal === undefined)) return undefined;
  if (readyAddresses(service, scene) === 0 || !isSeen(scene, 'networkpolicies.networking.k8s.io')) return undefined;
  const [from] = podsNowOf(workload, scene);
  const [to] = podsBehind(service, scene);
  if (![from, to].every((pod) => pod !== undefined && isSettled(pod, scene))) return undefined;
  const target = to && targetPortOf(service, port, to);
  if (from === undefined || to === undefined || target === undefined || blockedBetween(scene.networkPolicies, from, to, target) !== undefined) return undefined;
  const common = base(connection);
  return {
    ...common,
    cause: `${variable} is ${shown}: the Service ${service.metadata.name} is up, and what answers there is not what is expected: a wrong path, scheme or Service`,
    evidence: [...common.evidence, ...(check === undefined ? [] : [`readiness answer: ${check}`]), ...(refusal === undefined ? [] : [refusal])],
    next: [
      `kubectl get configmaps -n ${connection.namespace} -o yaml | grep ${variable}`,
      logsCommand(from, podSpecOf(from).containers?.[0]?.name ?? '', false),
    ],
  };
}

/** One that became ready a moment ago may not have been found yet. Milliseconds. */
const settledMs = 20_000;

function isSettled(pod: KubernetesObject, { now }: Scene): boolean {
  const ready = conditionOf(pod, 'Ready', 'True');
  return ready !== undefined && now - Date.parse(ready.lastTransitionTime ?? '') > settledMs;
}

/** What the sender's own readiness says of a peer that isn't well: its check is called as `USER_SERVICE_URL` is, or as the host. */
function peerCheck(scene: Scene, { workload, variable, serviceName }: Connection): string | undefined {
  const wanted = [
    serviceName,
    variable
      .replace(/_(URL|URI|ADDR|ADDRESS|ENDPOINT)$/, '')
      .toLowerCase()
      .replaceAll('_', '-'),
  ];
  for (const pod of podsNowOf(workload, scene))
    for (const [name, { status, detail = '' }] of Object.entries(scene.health.get(pod.metadata.uid ?? '')?.checks ?? {}))
      if (wanted.includes(name) && status !== 'ok') return `${name} is ${status}: ${detail}`;
  return undefined;
}

/** An order is not made each minute. Milliseconds. */
const recentMs = 10 * 60_000;

/** A line of the log that blames the variable. */
function configurationError(scene: Scene, { workload, variable }: Connection): string | undefined {
  for (const pod of podsNowOf(workload, scene))
    for (const [key, log] of scene.logs)
      if (key.startsWith(`${pod.metadata.uid}/`)) {
        const line = log.split('\n').findLast((each) => each.includes(`configuration error: what answers at ${variable}`));
        if (line !== undefined && isRecentLine(line, scene.now, recentMs)) return plainLine(line);
      }
  return undefined;
}
