import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Manifest, objectsOf } from '../cdk8s/test/synthesized';

/** The commands of docs/operations.md that remove the services and keep their data. */
const commands = readFileSync(resolve(__dirname, '../docs/operations.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('kubectl delete ') && line.includes(' -l '))
  .map((line) => /^kubectl delete (\S+) -n \$NS -l '?([^' ]+)/.exec(line)!)
  .map(([, kinds, selector]) => ({ kinds: kinds!.split(','), selector: selector!.split(',') }));

const shortNames: Readonly<Record<string, string>> = {
  hpa: 'horizontalpodautoscalers',
  pdb: 'poddisruptionbudgets',
  ingresses: 'ingresss',
  networkpolicies: 'networkpolicys',
};

/** Whether one of the commands deletes an object. A requirement `!=` is met without the label too. */
function isDeleted({ kind, metadata: { labels = {} } }: Manifest): boolean {
  return commands.some(
    ({ kinds, selector }) =>
      kinds.some((each) => (shortNames[each] ?? each) === `${kind.toLowerCase()}s`) &&
      selector.every((requirement) => {
        const [label, value] = requirement.split(/!?=/) as [string, string];
        return (labels[label] === value) !== requirement.includes('!=');
      }),
  );
}

it.each([
  ['local', ['Namespace/berth-local', 'NetworkPolicy/default-deny', 'PersistentVolumeClaim/order-service-data', 'PersistentVolumeClaim/user-service-data']],
  [
    'staging',
    ['Namespace/berth-staging', 'NetworkPolicy/default-deny', 'NetworkPolicy/postgres', 'Service/postgres', 'ServiceAccount/postgres', 'StatefulSet/postgres'],
  ],
  [
    'production',
    [
      'Cluster/order-service-database',
      'Cluster/user-service-database',
      'Namespace/berth-production',
      'NetworkPolicy/default-deny',
      'NetworkPolicy/order-service-database',
      'NetworkPolicy/user-service-database',
    ],
  ],
])('removing the services of %s, as operations says, leaves the data, and what it needs to run', (environment, left) => {
  const kept = objectsOf(environment).filter((object) => !isDeleted(object));
  expect(kept.map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort()).toEqual(left);
});
