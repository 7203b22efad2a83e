import type { Cluster } from '../../deploy/src/cluster/cluster';
import { Output } from '../../deploy/src/output/output';
import { connect } from '../../deploy/src/session';
import { kubectl, kubectlSaid } from './cluster';

/** berth's own way to the cluster that `KUBECONFIG` names. */
export async function connected(): Promise<Cluster> {
  const { env, stdout, stderr } = process;
  const { cluster } = await connect({}, { env, output: new Output(stdout, stderr, env), signal: new AbortController().signal });
  return cluster;
}

/** Makes a namespace for one suite, and what is to be in it. What is there of an earlier run is deleted first. */
export async function madeNamespace(name: string, ...objects: object[]): Promise<void> {
  await kubectl('delete', 'namespace', name, '--ignore-not-found', '--timeout=60s');
  await applied({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, ...objects);
}

/** Applies objects by kubectl. */
export async function applied(...items: object[]): Promise<void> {
  await kubectlSaid(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

/** Deletes it, and waits until it is gone. */
export async function removeNamespace(name: string): Promise<void> {
  await kubectl('delete', 'namespace', name, '--ignore-not-found', '--timeout=120s');
}
