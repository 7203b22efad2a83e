import { type Failing, perFailingProbe, probeWords } from '../probes';
import { describeCommand, logsCommand } from '../pod-findings';
import { plainLine } from '../log-words';
import { logKey, type Scene } from '../scene';
import type { Rule } from '../verdict';

/** A probe that knocks at a port where the container doesn't listen. */
export const probePort: Rule = {
  name: 'probe-port',
  look: (scene) =>
    perFailingProbe(scene, (failing) => {
      const { pod, status, kind, port, spec, probe, event } = failing;
      const named = probe.httpGet?.port ?? probe.tcpSocket?.port;
      const declared = (spec.ports ?? []).map(({ name, containerPort }) => (name === undefined ? String(containerPort) : `${containerPort} (${name})`));
      const has = `its container has ${declared.join(', ') || 'none'}`;
      const listening = listensOn(scene, failing);
      const common = {
        evidence: [probeWords(failing), ...listening.words],
        next: [logsCommand(pod, status.name, false), describeCommand(pod)],
      };
      if (port === undefined && named !== undefined)
        return {
          ...common,
          cause: `container ${status.name} is not ready: its ${kind.toLowerCase()} probe asks the port "${named}", and there is none of that name: ${has}`,
          certainAfterMs: 60_000,
        };
      // one that declares none may listen anywhere
      const isUndeclared = declared.length > 0 && !spec.ports!.some(({ containerPort }) => containerPort === port);
      const isElsewhere = listening.port !== undefined && listening.port !== port;
      if (!/connection refused/.test(event.message) || !(isUndeclared || isElsewhere)) return undefined;
      const where = isElsewhere ? `it listens on ${listening.port}` : has;
      return {
        ...common,
        cause: `container ${status.name} is not ready: its ${kind.toLowerCase()} probe asks port ${port}, where nothing listens: ${where}`,
        // whoever starts slowly may open it yet, and what it declares and says binds nobody
        certainAfterMs: Infinity,
        isSymptom: kind === 'Startup' || !isUndeclared,
      };
    }),
};

/** Where a container says in its log that it listens. */
function listensOn(scene: Scene, { pod, status }: Failing): { readonly port?: number; readonly words: readonly string[] } {
  const lines = scene.logs.get(logKey(pod, status.name, false))?.split('\n') ?? [];
  const line = lines.findLast((each) => /listening/i.test(each));
  const [, port] = /"port": ?(\d+)/.exec(line ?? '') ?? /listening\D+(?:[\d.]+:)?(\d{2,5})\b/i.exec(line ?? '') ?? [];
  return line === undefined || port === undefined ? { words: [] } : { port: Number(port), words: [plainLine(line)] };
}
