import { LineCounter, parseAllDocuments, type ScalarTag } from 'yaml';

/** One document of a file. */
export interface YamlDocument {
  readonly value: unknown;
  /** Line on which it begins, from 1. */
  readonly line: number;
}

/** kubectl reads YAML 1.1: `defaultMode: 0644` is 420 to it, and `yes` is true. Times of day stay texts, as with kubectl. */
const olderTags: ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?0[0-7]+$/,
    resolve: (text) => parseInt(text, 8),
  },
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/,
    resolve: (text) => /^(?:y|on)/i.test(text),
  },
];

/**
 * The documents of a YAML or JSON text, the empty ones left out.
 *
 * @throws Error with line and column when it is none
 */
export function yamlDocuments(text: string): YamlDocument[] {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter, merge: true, prettyErrors: true, customTags: (tags) => [...olderTags, ...tags] });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const [fault] = document.errors;
    if (fault !== undefined) throw new Error(fault.message.split('\n')[0]!.replace(/:$/, ''));
    const value: unknown = document.toJS();
    return value === null || value === undefined ? [] : [{ value, line: lineCounter.linePos(document.contents?.range?.[0] ?? 0).line }];
  });
}
