/** One metric family of a `/metrics` page. */
export interface Family {
  readonly type: string;
  readonly samples: readonly Sample[];
}

/** One line of it. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const linePattern = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const labelPattern = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/**
 * Reads Prometheus' text format into families by name.
 *
 * @throws Error for a line that is none of HELP, TYPE and sample, and for a sample without its family before it
 */
export function parseExposition(text: string): Map<string, Family> {
  const families = new Map<string, { type: string; samples: Sample[] }>();
  let current = '';
  for (const line of text.split('\n').filter((each) => each !== '' && !each.startsWith('# HELP '))) {
    const declared = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (declared) {
      families.set((current = declared[1]!), { type: declared[2]!, samples: [] });
      continue;
    }
    const [, name, labels = '', value] = linePattern.exec(line) ?? [];
    if (name === undefined || !name.startsWith(current)) throw new Error(`not a sample of ${current}: ${line}`);
    const pairs = [...labels.matchAll(labelPattern)].map(([, label, text]) => [label!, text!]);
    families.get(current)!.samples.push({ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) });
  }
  return families;
}
