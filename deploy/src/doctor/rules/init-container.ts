import { containersOf, podSpecOf } from '../../manifests/pod-spec';
import { podStatusOf } from '../container-status';
import { wordsOf } from '../log-words';
import { logsCommand, perPod } from '../pod-findings';
import { logKey } from '../scene';
import { patienceMs } from '../under-way';
import type { Rule } from '../verdict';

/** An init container that runs on, mostly because it waits for something: the others start when it has ended. A sidecar is to run on. */
export const initContainer: Rule = {
  name: 'init-container',
  look: (scene) =>
    perPod(scene, (pod) => {
      const { initContainers = [] } = podSpecOf(pod);
      const sidecars = new Set(containersOf({ initContainers }).flatMap(({ name, restartPolicy }) => (restartPolicy === 'Always' ? [name] : [])));
      const status = (podStatusOf(pod).initContainerStatuses ?? []).find(({ name, state }) => state?.running !== undefined && !sidecars.has(name));
      const lastsMs = scene.now - Date.parse(status?.state?.running?.startedAt ?? '');
      if (status === undefined || !(lastsMs >= patienceMs)) return undefined;
      const words = wordsOf(scene.logs.get(logKey(pod, status.name, false)));
      return {
        cause: `its init container ${status.name} runs for ${Math.round(lastsMs / 1000)} s and has not ended, and nothing else of it starts before${words === undefined ? '' : `: ${words.line}`}`,
        evidence: words?.excerpt ?? [`init container ${status.name} is running since ${status.state?.running?.startedAt}`],
        next: [
          logsCommand(pod, status.name, false),
          `kubectl get pod ${pod.metadata.name} -n ${pod.metadata.namespace} -o jsonpath='{.spec.initContainers[?(@.name=="${status.name}")].command}'`,
        ],
        certainAfterMs: Infinity,
        isSymptom: true,
        log: { pod, container: status.name, previous: false },
      };
    }),
};
