import type { Rule } from '../verdict';

/** Without these nothing can be said. */
const essential = new Set(['pods', 'configmaps', 'replicasets.apps', 'deployments.apps', 'services', 'namespaces']);

/** Who asks may not read what doctor needs. */
export const noRights: Rule = {
  name: 'no-rights',
  look: ({ unseen }) => {
    const missing = unseen.filter(({ resource }) => essential.has(resource));
    const [first] = missing;
    if (first === undefined) return [];
    const words = missing.map(({ verb, resource, namespace }) => `${verb} ${resource}${namespace === undefined ? '' : ` in ${namespace}`}`);
    const where = first.namespace === undefined ? '' : ` -n ${first.namespace}`;
    return [
      {
        subject: { group: '', kind: 'Namespace', name: first.namespace ?? 'all' },
        cause: `you may not ${words[0]}: nobody can say what is wrong without it${words.length > 1 ? ` (nor ${words.slice(1).join(', ')})` : ''}`,
        evidence: words.map((each) => `403: ${each}`),
        next: [
          `kubectl auth can-i ${first.verb} ${first.resource}${where}`,
          `kubectl create rolebinding berth-deployer${where} --clusterrole=berth-deployer-in-namespace --user=NAME`,
        ],
        certainAfterMs: 0,
      },
    ];
  },
};
