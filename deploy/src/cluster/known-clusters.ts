import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Refused } from '../exit-codes';
import { readInventory } from '../stack/inventory';
import type { Stack } from '../stack/stack';
import type { Cluster } from './cluster';
import type { Target } from './kubeconfig';

/** By folder of manifests: where it was deployed last from this machine. */
type KnownClusters = Readonly<Record<string, { readonly uid: string; readonly context: string }>>;

const namespaces = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };

/** What tells clusters apart, whatever they are called: the uid of a namespace that each has as long as it lives. */
export async function clusterUid(cluster: Cluster): Promise<string> {
  const namespace = await cluster.get({ resource: namespaces, name: 'kube-system' });
  if (namespace?.metadata.uid === undefined)
    throw new Refused('this cluster has no namespace kube-system, so nobody can tell which one it is: is it the one that you mean?');
  return namespace.metadata.uid;
}

/** What is asked before a cluster is written to. */
export interface ClusterQuestion {
  readonly cluster: Cluster;
  readonly target: Target;
  readonly stack: Stack;
  readonly folder: string;
  /** Contexts of the kubeconfig. */
  readonly choices: number;
  /** Whether `--context` named this one. */
  readonly isNamed: boolean;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Whether this is the cluster that is meant: it was named, or the folder was deployed to it before, or it has the stack, or there is no other.
 *
 * @returns the cluster's uid
 * @throws Refused when it may be another
 */
export async function checkCluster({ cluster, target, stack, folder, choices, isNamed, env }: ClusterQuestion): Promise<string> {
  const uid = await clusterUid(cluster);
  if (isNamed) return uid;
  const known = readKnown(env)[resolve(folder)];
  if (known?.uid === uid) return uid;
  const here = `this is the cluster of the context "${target.context}" (${target.cluster.server})`;
  if (known !== undefined)
    throw new Refused(`${folder} was deployed to another cluster before, by the context "${known.context}", and ${here}: say which you mean with --context`);
  if (choices > 1 && (await readInventory(cluster, stack)) === undefined)
    throw new Refused(`${folder} was never deployed from here, ${here}, and the kubeconfig has ${choices} contexts: say which you mean with --context`);
  return uid;
}

/** Remembers where a folder was deployed. Nothing depends on it but the question whether a cluster is the right one. */
export function rememberCluster(folder: string, uid: string, context: string, env: NodeJS.ProcessEnv): void {
  const file = fileOf(env);
  const before = readKnown(env);
  const entry = before[resolve(folder)];
  if (entry?.uid === uid && entry.context === context) return;
  const known = { ...before, [resolve(folder)]: { uid, context } };
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const written = `${file}.${process.pid}`;
    writeFileSync(written, `${JSON.stringify(known, null, 2)}\n`);
    renameSync(written, file);
  } catch {
    // a home that can't be written to asks the question again next time
  }
}

function readKnown(env: NodeJS.ProcessEnv): KnownClusters {
  try {
    return JSON.parse(readFileSync(fileOf(env), 'utf8')) as KnownClusters;
  } catch {
    return {};
  }
}

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
function fileOf({ XDG_STATE_HOME = '', HOME = homedir() }: NodeJS.ProcessEnv): string {
  return join(XDG_STATE_HOME === '' ? join(HOME, '.local', 'state') : XDG_STATE_HOME, 'berth', 'clusters.json');
}
