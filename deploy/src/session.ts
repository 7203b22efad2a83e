import { readFileSync } from 'node:fs';
import { readImages, withImages } from './manifests/images';
import type { KubernetesObject } from './manifests/kubernetes-object';
import { readManifests, type Manifest } from './manifests/read-manifests';
import { prepare, type Prepared } from './manifests/prepare';
import { Cluster } from './cluster/cluster';
import { Connection } from './cluster/connection';
import { Discovery } from './cluster/discovery';
import { endpointOf } from './cluster/endpoint';
import { inClusterTarget } from './cluster/in-cluster';
import { readKubeconfig, type Target, targetOf } from './cluster/kubeconfig';
import type { Output } from './output/output';
import { checkedStack, type Stack, stackName } from './stack/stack';
import { stackNamespace, strictNamespace } from './stack/stack-namespace';

/** Flags that every command that asks a cluster has. */
export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  /** Says each request. */
  readonly verbose?: boolean;
}

/** Flags by which a stack is chosen. */
export interface StackFlags extends ClusterFlags {
  readonly env?: string;
  readonly name?: string;
  /** A file with images to put in. */
  readonly images?: string;
}

/** What a command has of the world. */
export interface World {
  readonly env: NodeJS.ProcessEnv;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** A cluster that is connected, and how it was found. */
export interface Session {
  readonly cluster: Cluster;
  readonly target: Target;
  /** How many contexts there were to choose from. */
  readonly choices: number;
}

/** Connects to the cluster that the flags and the environment mean. Asks nothing yet. @param timeoutMs - for one answer */
export async function connect(flags: ClusterFlags, { env, output }: World, timeoutMs?: number): Promise<Session> {
  const pod = flags.kubeconfig === undefined && flags.context === undefined && (env['KUBECONFIG'] ?? '') === '' ? inClusterTarget(env) : undefined;
  const config = pod === undefined ? readKubeconfig(flags.kubeconfig, env) : undefined;
  const target = pod ?? targetOf(config!, flags.context);
  const endpoint = await endpointOf(target, () => config!.files.map((file) => readFileSync(file, 'utf8')).join('\n---\n'));
  const connection = new Connection(endpoint, flags.verbose ? (line) => output.talk(line) : undefined, timeoutMs);
  const cluster = new Cluster(connection, new Discovery(connection), { onSecret: (secret) => output.hide(secret), onName: (named) => output.showName(named) });
  return { cluster, target, choices: config?.contexts.size ?? 1 };
}

/** A folder's manifests, and the stack that they are. */
export interface LocalStack {
  readonly folder: string;
  readonly manifests: readonly Manifest[];
  readonly stack: Stack;
}

/** Reads the manifests of a stack; its name and its namespace come from them where no flag says them. */
export async function readStack(folder: string, flags: StackFlags, session: Session, { output }: World): Promise<LocalStack> {
  const manifests = withImages(readManifests(folder), flags.images === undefined ? {} : readImages(flags.images));
  for (const { object } of manifests) output.hide(object);
  const stack = await stackOfObjects(
    manifests.map(({ object }) => object),
    stackName(folder, flags.name),
    flags,
    session,
  );
  output.showName(stack);
  return { folder, manifests, stack };
}

/** The stack that objects are, by its name. @throws UsageError when nobody knows its namespace */
export async function stackOfObjects(
  objects: readonly KubernetesObject[],
  name: string,
  { namespace: flag }: StackFlags,
  { cluster, target }: Session,
): Promise<Stack> {
  const namespace = await stackNamespace(cluster, { objects, name, flag, here: target.namespace ?? 'default' });
  return checkedStack({ name, namespace });
}

/** The objects of a stack as they are sent. */
export function prepareStack(
  { manifests, stack }: Pick<LocalStack, 'manifests' | 'stack'>,
  { cluster }: Session,
  { namespace }: StackFlags,
): Promise<Prepared[]> {
  const strict = strictNamespace(
    manifests.map(({ object }) => object),
    namespace,
  );
  return prepare(manifests, stack, cluster.discovery, strict);
}
