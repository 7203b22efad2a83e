import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { kubectl, kubectlSaid, programSaid } from './cluster';

/** The services that an order goes through. */
export const services = ['user-service', 'order-service'] as const;

/** Every service of the repository, sorted: each environment deploys them all. */
export const deployed = globSync('services/*/src/main.ts', { cwd: resolve(__dirname, '../..') })
  .map((path) => path.split('/')[1]!)
  .sort();

/** A namespace's name in an environment. */
export const namespaceOf = (environment: string) => `berth-${environment}`;

/** What a namespace that these suites made is known by, so that they never delete another one. */
const ownLabel = 'berth.dev/end-to-end';

/** @throws Error when the environment is on the cluster already */
export async function refuseTaken(environment: string): Promise<void> {
  const namespace = namespaceOf(environment);
  const found = await kubectl('get', 'namespace', namespace, '--ignore-not-found', '-o', 'name');
  if (found) throw new Error(`${namespace} is on this cluster already, and this suite would delete it: choose another cluster, or delete it yourself`);
}

/** Marks an environment's namespace as the suite's own, if it is there. */
export async function mark(environment: string): Promise<void> {
  // Not there when what made it failed early, which says more
  await kubectl('label', 'namespace', namespaceOf(environment), `${ownLabel}=true`).catch(() => undefined);
}

/**
 * Runs what makes an environment's namespace, and marks the namespace as the suite's own.
 *
 * @throws Error when the environment is on the cluster already
 */
export async function make<T>(environment: string, work: () => Promise<T>): Promise<T> {
  await refuseTaken(environment);
  return work().finally(() => mark(environment));
}

/** Makes only the namespace. */
export async function makeNamespace(environment: string): Promise<void> {
  await make(environment, () => kubectl('apply', '-f', `charts/${environment}/namespace.yaml`));
}

/** Deploys an environment as docs/infrastructure.md says, and gives what the API server warned of. */
export async function deploy(environment: string): Promise<string> {
  await makeNamespace(environment);
  await createSecrets(environment);
  const { stderr } = await kubectlSaid(['apply', '-k', `charts/${environment}`]);
  await settled(environment);
  return stderr;
}

/** New Secrets, where the environment names some. */
export async function createSecrets(environment: string): Promise<void> {
  const { stdout } = await programSaid('npm', ['run', '--silent', 'secrets', '--', '--env', environment]);
  if (stdout) await kubectlSaid(['create', '-f', '-'], stdout);
}

/** Waits until every rollout of the environment is done. */
export async function settled(environment: string): Promise<void> {
  const rollouts = deployed.map((service) => kubectl('rollout', 'status', '-n', namespaceOf(environment), `deployment/${service}`, '--timeout=180s'));
  await Promise.all(rollouts);
}

/** Deletes the environment with its data, if a suite made it. */
export async function remove(environment: string): Promise<void> {
  await kubectl('delete', 'namespaces', '-l', ownLabel, '--field-selector', `metadata.name=${namespaceOf(environment)}`, '--timeout=180s');
}
