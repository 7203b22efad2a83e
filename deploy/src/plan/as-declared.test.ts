import type { FieldSet, KubernetesObject } from '../manifests/kubernetes-object';
import { isAsDeclared } from './as-declared';

const fields: FieldSet = {
  'f:metadata': { 'f:labels': { 'f:app': {} } },
  'f:spec': {
    'f:selector': {},
    'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} }, 'k:{"port":53,"protocol":"UDP"}': { 'f:port': {}, 'f:protocol': {} } },
  },
};

interface Parts {
  readonly set?: FieldSet;
  readonly others?: FieldSet;
  readonly apiVersion?: string;
  readonly manager?: string;
}

function liveService({ set = fields, others, apiVersion = 'v1', manager = 'berth' }: Parts = {}): KubernetesObject {
  const entry = { operation: 'Apply', apiVersion, fieldsType: 'FieldsV1' } as const;
  const managedFields = [{ ...entry, manager, fieldsV1: set }, ...(others === undefined ? [] : [{ ...entry, manager: 'another', fieldsV1: others }])];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop', uid: '1', resourceVersion: '7', labels: { app: 'web', theirs: 'x' }, managedFields },
    spec: {
      selector: { app: 'web' },
      clusterIP: '10.0.0.1',
      ports: [
        { port: 80, protocol: 'TCP', targetPort: 80 },
        { port: 53, protocol: 'UDP', targetPort: 53 },
      ],
    },
  };
}

const web = { port: 80 };
const names = { port: 53, protocol: 'UDP' };

function manifest({ labels = { app: 'web' }, ...spec }: Readonly<Record<string, unknown>> = {}): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop', labels: labels as Record<string, string> },
    spec: { selector: { app: 'web' }, ports: [web, names], ...spec },
  };
}

describe('an object is as declared', () => {
  it('when Berth owns what the manifest says, with its values; the server’s defaults and others’ fields are no matter', () => {
    expect(isAsDeclared(liveService(), manifest())).toBe(true);
    expect(isAsDeclared(liveService({ others: { 'f:metadata': { 'f:labels': { 'f:theirs': {} } } } }), manifest())).toBe(true);
  });

  it.each<[string, Parts, KubernetesObject]>([
    ['another value', {}, manifest({ labels: { app: 'other' } })],
    ['a field more', {}, manifest({ type: 'ClusterIP' })],
    ['a field less', {}, manifest({ selector: undefined })],
    ['another value of what is owned as one', {}, manifest({ selector: { app: 'web', tier: 'x' } })],
    ['an element less', {}, manifest({ ports: [web] })],
    ['another element', {}, manifest({ ports: [web, { port: 54, protocol: 'UDP' }] })],
    ['a field more in an element', {}, manifest({ ports: [{ ...web, name: 'web' }, names] })],
    ['elements in another order', {}, manifest({ ports: [names, web] })],
    ['a field that is null', {}, manifest({ type: null })],
    ['what another one owns alone, with the same value', { set: { ...fields, 'f:metadata': {} } }, manifest({ labels: { app: 'web' } })],
    [
      'a map of which another one owns the parts',
      { set: { ...fields, 'f:metadata': { 'f:labels': {} } }, others: { 'f:metadata': { 'f:labels': { 'f:app': {}, 'f:theirs': {} } } } },
      manifest({ labels: { app: 'web', theirs: 'x' } }),
    ],
    ['an account of another version', { apiVersion: 'v2' }, manifest()],
    ['an account of another manager alone', { manager: 'kubectl' }, manifest()],
  ])('not with %s', (_, parts, wanted) => {
    expect(isAsDeclared(liveService(parts), wanted)).toBe(false);
  });
});
