import { inStages, inStagesOfRemoval } from './stages';

const references = [
  { group: 'gateway.networking.k8s.io', kind: 'GatewayClass' },
  { group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition' },
  { group: '', kind: 'Secret' },
  { group: 'rbac.authorization.k8s.io', kind: 'Role' },
  { group: 'apps', kind: 'Deployment' },
  { group: 'coordination.k8s.io', kind: 'Lease' },
  { group: 'example.dev', kind: 'Queue' },
  { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute' },
  { group: 'networking.k8s.io', kind: 'Ingress' },
  { group: 'admissionregistration.k8s.io', kind: 'ValidatingWebhookConfiguration' },
];

describe('stages', () => {
  const kinds = (stages: readonly (typeof references)[]) => stages.map((stage) => stage.map(({ kind }) => kind));

  it('of an apply have custom objects with the workloads', () => {
    expect(kinds(inStages(references, (reference) => reference))).toEqual([
      ['GatewayClass', 'CustomResourceDefinition'],
      ['Secret', 'Role'],
      ['Deployment', 'Lease', 'Queue'],
      ['HTTPRoute', 'Ingress'],
      ['ValidatingWebhookConfiguration'],
    ]);
  });

  it('of a removal have them before all that may serve them', () => {
    expect(kinds(inStagesOfRemoval(references, (reference) => reference))).toEqual([
      ['HTTPRoute'],
      ['Queue'],
      ['GatewayClass'],
      ['ValidatingWebhookConfiguration'],
      ['Ingress'],
      ['Deployment', 'Lease'],
      ['Secret', 'Role'],
      ['CustomResourceDefinition'],
    ]);
  });
});
