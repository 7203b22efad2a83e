import { parse } from 'yaml';
import type { KubernetesObject } from '../manifests/kubernetes-object';
import { blockedBetween } from './network-policies';

const pod = (name: string, namespace = 'shop', ip = '10.0.0.1') =>
  parse(
    `{apiVersion: v1, kind: Pod, metadata: {name: ${name}, namespace: ${namespace}, labels: {app: ${name}}}, spec: {containers: [{name: a, ports: [{name: http, containerPort: 8000}]}]}, status: {podIP: ${ip}}}`,
  ) as KubernetesObject;
const policy = (name: string, spec: string) =>
  parse(`{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: ${name}, namespace: shop}, spec: {${spec}}}`) as KubernetesObject;
const ofUser = 'podSelector: {matchLabels: {app: user}}';
const ofOrder = 'podSelector: {matchLabels: {app: order}}';

/** What the policies say of order's way to user's port 8000. */
const rows: readonly (readonly [what: string, policies: readonly string[], blocked: string | undefined])[] = [
  ['no policy at all', [], undefined],
  ['one of another pod', ['podSelector: {matchLabels: {app: till}}, policyTypes: [Ingress, Egress]'], undefined],
  ['nobody is let in', [`${ofUser}, policyTypes: [Ingress]`], 'ingress'],
  ['nobody is let out', [`${ofOrder}, policyTypes: [Egress]`], 'egress'],
  ['a policy without types is about who comes in', [ofUser], 'ingress'],
  ['the default for all is heeded', ['podSelector: {}, policyTypes: [Ingress]'], 'ingress'],
  ['all are let in', [`${ofUser}, ingress: [{}]`], undefined],
  ['the one is let in, by its labels', [`${ofUser}, ingress: [{from: [{podSelector: {matchLabels: {app: order}}}]}]`], undefined],
  ['another is let in', [`${ofUser}, ingress: [{from: [{podSelector: {matchLabels: {app: till}}}]}]`], 'ingress'],
  ['one of several policies lets it in', [`${ofUser}, ingress: []`, `${ofUser}, ingress: [{from: [{podSelector: {}}]}]`], undefined],
  ['by expressions', [`${ofUser}, ingress: [{from: [{podSelector: {matchExpressions: [{key: app, operator: In, values: [order, till]}]}}]}]`], undefined],
  ['by its namespace', [`${ofUser}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}]}]`], undefined],
  ['only from another namespace', [`${ofUser}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}}]}]`], 'ingress'],
  ['by its address', [`${ofUser}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]`], undefined],
  ['but its address', [`${ofUser}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/24]}}]}]`], 'ingress'],
  ['at another port', [`${ofUser}, ingress: [{ports: [{port: 9000}]}]`], 'ingress'],
  ['at the port, by name', [`${ofUser}, ingress: [{ports: [{port: http}]}]`], undefined],
  ['at a range of ports', [`${ofUser}, ingress: [{ports: [{port: 7000, endPort: 9000}]}]`], undefined],
  ['by UDP alone', [`${ofUser}, ingress: [{ports: [{port: 8000, protocol: UDP}]}]`], 'ingress'],
  [
    'let out by the receiver’s port',
    [`${ofOrder}, policyTypes: [Egress], egress: [{ports: [{port: http}], to: [{podSelector: {matchLabels: {app: user}}}]}]`],
    undefined,
  ],
];

it.each(rows)('%s', (_what, specs, side) => {
  const policies = specs.map((spec, i) => policy(`policy-${i}`, spec));
  expect(blockedBetween(policies, pod('order'), pod('user'), 8000)?.side).toBe(side);
});

it('names every policy that would have had to let it through', () => {
  const policies = [policy('one', `${ofUser}, ingress: []`), policy('two', 'podSelector: {}, policyTypes: [Ingress]')];
  expect(blockedBetween(policies, pod('order'), pod('user'), 8000)).toEqual({ side: 'ingress', policies: ['one', 'two'] });
});
