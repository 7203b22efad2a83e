import type { Figures } from './interleave';
import { hasProcessFigures } from './process-figures';

/** One part of the report. */
export interface Section {
  readonly title: string;
  readonly notes: readonly string[];
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly verdicts: readonly Verdict[];
}

/** What a target says of one figure. */
export interface Verdict {
  /** What is compared with what. */
  readonly what: string;
  readonly figure: number;
  readonly bound: 'at least' | 'at most';
  readonly target: number;
  readonly unit?: string;
}

/** How much a figure may miss its target and still be called noise: figures of two runs differ by so much. */
export const noise = 0.1;

/** What to print for a verdict. */
export function outcome({ figure, bound, target }: Verdict): 'met' | 'met within noise' | 'not met' {
  const share = bound === 'at least' ? figure / target : target / figure;
  if (share >= 1) return 'met';
  return share >= 1 - noise ? 'met within noise' : 'not met';
}

/** A section of a comparison; the first variant is what the others' ratios are about. */
export function comparison(title: string, figures: readonly Figures[], verdicts: readonly Verdict[], notes: readonly string[] = []): Section {
  const [floor] = figures;
  const rows = figures.map((one) => [
    one.name,
    one.cpuMicros.toFixed(0),
    (floor!.cpuMicros / one.cpuMicros).toFixed(2),
    one.perSecond.toFixed(0),
    one.bestPerSecond.toFixed(0),
    one.p99Ms.toFixed(1),
    String(one.unexpected),
  ]);
  const head = ['server', 'CPU µs a request', `of ${floor!.name} (CPU)`, 'requests/s', 'best slice', 'p99 ms', 'unexpected'];
  return { title, notes, head, rows, verdicts };
}

/** How much of the floor's speed a variant has, by CPU time a request; by requests a second where the machine doesn't tell CPU time. */
export function byCpu(figures: readonly Figures[], name: string, floor: string): number {
  if (!hasProcessFigures) return byRate(figures, name, floor);
  return figureOf(figures, floor).cpuMicros / figureOf(figures, name).cpuMicros;
}

/** The same by requests a second. */
export function byRate(figures: readonly Figures[], name: string, floor: string): number {
  return figureOf(figures, name).perSecond / figureOf(figures, floor).perSecond;
}

function figureOf(figures: readonly Figures[], name: string): Figures {
  const found = figures.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no figures of ${name}`);
  return found;
}

/** A section that says why there is nothing in it. */
export function skippedSection(title: string, why: string): Section {
  return { title, notes: [`Skipped: ${why}.`], head: [], rows: [], verdicts: [] };
}
