import type { Progress } from '../apply/progress';
import { nameOf, type ObjectReference } from '../manifests/kubernetes-object';
import type { Plan } from '../plan/plan';
import { isEmpty } from '../plan/plan';
import type { Standing } from '../readiness/wait';
import type { Output } from './output';
import { planText } from './plan-text';
import { shortened } from './shortened';

/** Tells a deployment's progress: a line for each step and, on a terminal, below them what is waited for just now. */
export function deploymentTalk(output: Output): Progress {
  const waiting = new Map<string, Standing>();
  const startedAt = performance.now();
  let drawn = 0;
  const erase = () => {
    if (drawn > 0) output.raw(`\u001b[${drawn}A\u001b[0J`);
    drawn = 0;
  };
  const draw = () => {
    if (!output.isLive) return;
    const lines = [...waiting.values()].slice(0, 12).map((standing) => cut(`  … ${sentenceOf(standing)}`, output.columns));
    if (lines.length > 0) output.raw(`${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  const say = (line: string) => {
    erase();
    output.talk(line);
    draw();
  };
  const seconds = () => `${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s`;
  return {
    plan: (plan: Plan) => {
      if (!isEmpty(plan)) say(`${planText(plan, output, 'talk')}\n`);
    },
    note: (sentence) => say(sentence),
    did: (verb: string, reference: ObjectReference) => say(`${seconds()}  ${verb} ${nameOf(reference)}`),
    stands(standing: Standing) {
      const name = nameOf(standing.reference);
      const isReady = standing.readiness.state === 'Current';
      const wasWaiting = waiting.delete(name);
      if (!isReady) waiting.set(name, standing);
      if (isReady && wasWaiting) say(`${seconds()}  ${output.styled('green', 'ready')} ${name}`);
      else if (!isReady && !output.isLive) say(`${seconds()}  waiting for ${sentenceOf(standing)}`);
      else {
        erase();
        draw();
      }
    },
    waited() {
      erase();
      waiting.clear();
    },
  };
}

function sentenceOf({ reference, readiness, pod }: Standing): string {
  return `${nameOf(reference)}: ${pod ?? readiness.message}`;
}

function cut(line: string, columns: number): string {
  return line.length < columns ? line : shortened(line, columns - 2);
}
