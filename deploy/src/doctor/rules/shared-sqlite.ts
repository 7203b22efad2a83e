import { perEnding } from '../endings';
import { podSpecOf } from '../../manifests/pod-spec';
import { logsCommand } from '../pod-findings';
import type { Rule } from '../verdict';

/** Two pods on one SQLite file, which takes one process. */
export const sharedSqlite: Rule = {
  name: 'shared-sqlite',
  isQuick: true,
  look: (scene) =>
    perEnding(scene, ({ words, status, pod, workload, times, certainAfterMs, ending, log }) => {
      const line = words?.excerpt.find((each) => /Another process serves|database is locked|SQLITE_BUSY/i.test(each));
      if (line === undefined) return undefined;
      const { replicas = 1, strategy } = (workload.spec ?? {}) as { replicas?: number; strategy?: { type?: string } };
      const claim = podSpecOf(pod).volumes?.find((volume) => volume.persistentVolumeClaim)?.persistentVolumeClaim?.claimName;
      const where = claim === undefined ? 'its file' : `the volume ${claim}`;
      const cure = replicas > 1 ? 'run one pod, or use PostgreSQL' : 'use the strategy Recreate, so that the old pod ends before the new one starts';
      return {
        cause: `container ${status.name} finds its SQLite database in use${times}: another pod serves ${where}, and SQLite takes one at a time; ${cure}`,
        evidence: [
          line,
          `${workload.kind}/${workload.metadata.name} wants ${replicas} pods${strategy?.type === undefined ? '' : `, strategy ${strategy.type}`}`,
        ],
        next: [
          ...(replicas > 1 ? [`kubectl scale ${workload.kind.toLowerCase()} ${workload.metadata.name} -n ${pod.metadata.namespace} --replicas=1`] : []),
          logsCommand(pod, status.name, ending.isPrevious),
        ],
        certainAfterMs,
        log,
      };
    }),
};
