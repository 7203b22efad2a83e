import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { folderWith, writeFiles } from '../../testing/berth-process';
import { readManifests } from './read-manifests';

const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
const placesOf = (folder: string) => readManifests(folder).map(({ place }) => place);

describe('the files of a folder', () => {
  it('are all but those of Kustomize and Helm, the namespace first', () => {
    const folder = folderWith({
      'namespace.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n',
      'manifests/web/a.yaml': configMap('a'),
      'more.yaml': configMap('more'),
      'kustomization.yaml': 'resources: []\n',
      '.hidden.yaml': configMap('hidden'),
      'README.md': '',
    });
    expect(placesOf(folder)).toEqual(['namespace.yaml:1', 'manifests/web/a.yaml:1', 'more.yaml:1']);
    writeFiles(folder, {
      'Chart.yaml': 'name: a\n',
      'values.yaml': 'a: 1\n',
      'values.schema.json': '{}',
      'templates/a.yaml': '{{ . }}',
      'charts/b/Chart.yaml': 'name: b\n',
    });
    expect(placesOf(folder)).toEqual(['namespace.yaml:1', 'manifests/web/a.yaml:1', 'more.yaml:1']);
  });

  it('are also those that links lead to, each once, and no link leads out of the folder upwards', () => {
    const folder = folderWith({ 'here.yaml': configMap('here'), 'sub/b.yaml': configMap('b') });
    const elsewhere = folderWith({ 'there.yaml': configMap('there'), 'set/one.yaml': configMap('one'), 'set/two.yaml': configMap('two') });
    symlinkSync(join(elsewhere, 'there.yaml'), join(folder, 'there.yaml'));
    symlinkSync(join(elsewhere, 'set'), join(folder, 'set'));
    symlinkSync(join(elsewhere, 'set'), join(elsewhere, 'set', 'round'));
    symlinkSync('sub', join(folder, 'current'));
    symlinkSync('here.yaml', join(folder, 'again.yaml'));
    symlinkSync('..', join(folder, 'above'));
    symlinkSync('.', join(folder, 'sub', 'loop'));
    expect(placesOf(folder)).toEqual(['here.yaml:1', 'set/one.yaml:1', 'set/two.yaml:1', 'sub/b.yaml:1', 'there.yaml:1']);
    symlinkSync('nowhere', join(folder, 'no-file'));
    expect(placesOf(folder)).toHaveLength(5);
    symlinkSync('nowhere', join(folder, 'gone.yaml'));
    expect(() => readManifests(folder)).toThrow(/^gone\.yaml: .*ENOENT/);
  });

  it('are read where manifests or namespace.yaml is no more than a name', () => {
    const folder = folderWith({ 'manifests.yaml': configMap('a') });
    mkdirSync(join(folder, 'namespace.yaml'));
    expect(placesOf(folder)).toEqual(['manifests.yaml:1']);
  });
});

it('are also those of a list, of one kind or of any, where an object has the kind of its list unless it says one', () => {
  const items = [{ metadata: { name: 'a' } }, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } }];
  const path = folderWith({
    'a.json': JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMapList', metadata: { resourceVersion: '1' }, items }),
    'b.json': JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [{ apiVersion: 'example.com/v1', kind: 'AllowList', metadata: { name: 'c' }, items: [] }],
    }),
  });
  expect(readManifests(path).map(({ object: { apiVersion, kind, metadata } }) => `${apiVersion} ${kind} ${metadata.name}`)).toEqual([
    'v1 ConfigMap a',
    'v1 ConfigMap b',
    'example.com/v1 AllowList c',
  ]);
});

it('members that are null are none, but in a map of texts and in what a custom kind says', () => {
  const web = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: , annotations: , creationTimestamp: null}
spec:
  template:
    metadata: {labels: {a: b}, annotations: }
    spec:
      nodeSelector: {gpu: }
      initContainers:
      containers: [{name: web, env: , resources: {limits: }}]
      volumes: [{name: a, emptyDir: }]
---
apiVersion: example.com/v1
kind: Boat
metadata: {name: one, labels: }
spec: {color: }
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data: {a: }
`;
  expect(readManifests(folderWith({ 'a.yaml': web })).map(({ object }) => object)).toEqual([
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        template: {
          metadata: { labels: { a: 'b' } },
          spec: { nodeSelector: { gpu: null }, containers: [{ name: 'web', resources: {} }], volumes: [{ name: 'a' }] },
        },
      },
    },
    { apiVersion: 'example.com/v1', kind: 'Boat', metadata: { name: 'one' }, spec: { color: null } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: null } },
  ]);
});

it.each([
  ['kind: ConfigMap\nmetadata: {name: a/b}', 'metadata.name is "a/b": a name has no slash and no % in it'],
  ['kind: ConfigMap\nmetadata: {name: ..}', 'metadata.name is "..": a name has no slash and no % in it'],
  ['kind: ConfigMap\nmetadata: {name: a, namespace: b/c}', 'metadata.namespace is "b/c": a name has no slash and no % in it'],
  ['kind: Secret\nmetadata: {name: a}\ndata: {token: "not base64!"}', 'data["token"] is no base64: encode it, or write it into stringData as it is'],
  ['kind: Secret\nmetadata: {name: a}\ndata: {token: YWJ}', 'data["token"] is no base64: encode it, or write it into stringData as it is'],
])('%j is refused with the cure', (text, words) => {
  expect(() => readManifests(folderWith({ 'a.yaml': `apiVersion: v1\n${text}\n` }))).toThrow(`a.yaml:1: ${words}`);
});

it('base64 may be broken into lines, and be empty', () => {
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  empty: ""\n  long: |\n    YWJj\n    ZA==\n';
  expect(readManifests(folderWith({ 'a.yaml': secret }))).toHaveLength(1);
});
