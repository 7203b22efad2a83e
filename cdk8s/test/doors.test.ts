import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { has, renderedFolder, run } from './tools';

const byId = (objects: readonly unknown[]) =>
  Object.fromEntries(
    objects.map((object) => {
      const { kind, metadata } = object as { kind: string; metadata: { name: string } };
      return [`${kind}/${metadata.name}`, object];
    }),
  );
const documents = (text: string): unknown[] => parseAllDocuments(text).flatMap((document) => (document as { toJS(): unknown }).toJS() ?? []);

describe.each(['local', 'staging', 'production'])('the folder of %s', (name) => {
  const rendered = renderedFolder();
  const folder = join(rendered.path, name);
  afterAll(() => rendered.remove());
  const plain = (...patterns: string[]) => byId(globSync(patterns, { cwd: folder }).map((file) => parse(readFileSync(join(folder, file), 'utf8')) as unknown));

  (has('kubectl') ? it : it.skip)('is a Kustomize base of the same objects (skipped without kubectl)', () => {
    expect(byId(documents(run('kubectl', ['kustomize', folder])))).toEqual(plain('namespace.yaml', 'manifests/**/*.yaml'));
  });

  (has('helm') ? it : it.skip)('is a Helm chart of the same objects but the Namespace (skipped without helm)', () => {
    expect(byId(documents(run('helm', ['template', 'any', folder])))).toEqual(plain('manifests/**/*.yaml'));
    expect(run('helm', ['lint', folder])).toContain('1 chart(s) linted, 0 chart(s) failed');
  });
});
