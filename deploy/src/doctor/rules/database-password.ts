import type { KubernetesObject } from '../../manifests/kubernetes-object';
import { statusesOf } from '../container-status';
import { isRecentLine, plainLine } from '../log-words';
import { logsCommand, perContainer } from '../pod-findings';
import { type Container, podSpecOf } from '../../manifests/pod-spec';
import { logKey, type Scene } from '../scene';
import type { Rule } from '../verdict';

/** PostgreSQL's words, and those of others. */
const pattern = /(?:password authentication failed for user|Access denied for user|role) \\?"?'?([\w-]+)(?=\\?"|')|SASL authentication failed|\b28P01\b/;

/** A database that doesn't take the password. */
export const databasePassword: Rule = {
  name: 'database-password',
  look: (scene) =>
    perContainer(scene, ({ pod, status, spec }) => {
      const isWell = status.ready === true && scene.health.get(pod.metadata.uid ?? '')?.status === 'ok';
      if (isWell) return undefined;
      const found = lineOf(scene, pod, status.name);
      if (found === undefined) return undefined;
      const [, user] = pattern.exec(found.line) ?? [];
      const secret = secretOf(pod, spec);
      const fault = secret === undefined ? {} : { fault: `Secret/${pod.metadata.namespace}/${secret}` };
      return {
        cause: `the database refuses the password${user === undefined ? '' : ` of its user ${user}`}${secret === undefined ? '' : `, which is in the Secret ${secret}`}: it is not the one that the database has`,
        evidence: [plainLine(found.line)],
        next: [
          ...(secret === undefined ? [] : [`kubectl describe secret ${secret} -n ${pod.metadata.namespace}`]),
          logsCommand(pod, status.name, found.previous),
        ],
        certainAfterMs: Infinity,
        ...fault,
        log: { pod, container: status.name, previous: found.previous },
      };
    }),
};

/** A service that can't reach its database tries again within seconds, and says so each time: an older line is of a trouble that is over. Milliseconds. */
const recentMs = 30_000;

function lineOf(scene: Scene, pod: KubernetesObject, container: string): { readonly line: string; readonly previous: boolean } | undefined {
  if (!statusesOf(pod).some(({ name }) => name === container)) return undefined;
  for (const previous of [false, true]) {
    const lines = scene.logs.get(logKey(pod, container, previous))?.split('\n') ?? [];
    const hasEnded = statusesOf(pod).some(({ name, state }) => name === container && state?.running === undefined);
    const line = lines.findLast((each) => /password authentication failed|Access denied for user|SASL authentication failed|28P01/.test(each));
    if (line !== undefined && (isRecentLine(line, scene.now, recentMs) ?? hasEnded)) return { line, previous };
  }
  return undefined;
}

/** The Secret that the container mounts for its password. */
function secretOf(pod: KubernetesObject, { env = [], volumeMounts = [] }: Container): string | undefined {
  const file = env.find(({ name }) => /PASSWORD_FILE$/.test(name))?.value ?? '/run/secrets/database';
  const mount = volumeMounts.find(({ mountPath }) => file.startsWith(mountPath));
  return podSpecOf(pod).volumes?.find(({ name }) => name === mount?.name)?.secret?.secretName;
}
