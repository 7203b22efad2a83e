import type { KubernetesObject } from '../manifests/kubernetes-object';
import { logColumns, type LogSource, sourceStyle } from '../output/log-columns';
import type { Output } from '../output/output';
import { textOf } from './log-line';
import type { MergedLine } from './merged-by-time';
import { containersOf } from './pod-containers';

/** How lines are shown: in columns for people, or each as it was written. */
export type LogFormat = 'table' | 'json';

/** Shows lines of containers, each pod in a colour of its own. */
export class LogView {
  private readonly pods = new Map<string, number>();
  private width = 0;

  constructor(
    private readonly output: Output,
    private readonly format: LogFormat,
  ) {}

  /** A container's place in the columns. */
  sourceOf(pod: KubernetesObject, container: string): LogSource {
    const { name } = pod.metadata;
    const number = this.pods.get(name) ?? this.pods.set(name, this.pods.size).get(name)!;
    const label = containersOf(pod).length > 1 ? `${name}/${container}` : name;
    this.width = Math.max(this.width, label.length);
    return { label, style: sourceStyle(number) };
  }

  /** Waits while the reader is behind. */
  async show(lines: readonly MergedLine<LogSource>[]): Promise<void> {
    const isBytes = this.format === 'json';
    const texts = lines.map(({ source, line: { time, text } }) => (isBytes ? text : logColumns({ time, text: textOf(text) }, source, this.width, this.output)));
    if (texts.length > 0) await this.output.flow(texts.join('\n'), isBytes);
  }
}
