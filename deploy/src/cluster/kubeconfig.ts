import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { UsageError } from '../exit-codes';
import { isObject } from '../manifests/json';
import { yamlDocuments } from '../manifests/yaml-documents';

/** A cluster's part of a kubeconfig, its file names absolute. https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */
export interface ClusterEntry {
  readonly server?: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'tls-server-name'?: string;
  readonly 'proxy-url'?: string;
}

/** A user's part of a kubeconfig, its file names absolute. */
export interface UserEntry {
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly as?: string;
  readonly exec?: unknown;
  readonly 'auth-provider'?: unknown;
}

/** Where a context leads. */
export interface ContextEntry {
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
}

/** Several files read as one: the first that names something wins, as with kubectl. */
export interface Kubeconfig {
  /** The files that were read, in order; none inside a pod. */
  readonly files: readonly string[];
  readonly currentContext?: string;
  readonly contexts: ReadonlyMap<string, ContextEntry>;
  readonly clusters: ReadonlyMap<string, ClusterEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
}

/** The context that was chosen, with all that it names. */
export interface Target {
  readonly context: string;
  readonly namespace?: string;
  readonly cluster: ClusterEntry;
  readonly user: UserEntry;
}

/**
 * Reads the kubeconfig as kubectl finds it: `--kubeconfig`, else every file of `KUBECONFIG`, else `~/.kube/config`.
 *
 * @throws UsageError when there is none, or one is none
 */
export function readKubeconfig(flag: string | undefined, env: NodeJS.ProcessEnv): Kubeconfig {
  const listed = flag === undefined ? (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '') : [flag];
  const files = listed.length > 0 ? listed : [join(env['HOME'] ?? homedir(), '.kube', 'config')];
  const read = files.flatMap((file) => readFile(file, files.length > 1));
  if (read.length === 0) throw new UsageError(`there is no kubeconfig in ${files.join(' or ')}: name one with --kubeconfig or KUBECONFIG`);
  return read.reduce(merged);
}

function readFile(file: string, isOneOfMany: boolean): Kubeconfig[] {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // kubectl passes over a file of the list that isn't there
    if (code === 'ENOENT' && isOneOfMany) return [];
    throw new UsageError(`the kubeconfig ${file} can't be read (${code}): name another with --kubeconfig or KUBECONFIG`);
  }
  try {
    const [document, ...others] = yamlDocuments(text);
    return [parsed(file, others.length > 0 ? undefined : document?.value)];
  } catch {
    throw new UsageError(`the kubeconfig ${file} is none: it must be YAML with clusters, users and contexts`);
  }
}

function parsed(file: string, value: unknown): Kubeconfig {
  if (!isObject(value)) throw new Error('it is no object');
  const { clusters, users, contexts, ...config } = value;
  const current = config['current-context'];
  return {
    files: [file],
    ...(typeof current === 'string' && current !== '' ? { currentContext: current } : {}),
    clusters: entries<ClusterEntry>(clusters, 'cluster', file),
    users: entries<UserEntry>(users, 'user', file),
    contexts: entries<ContextEntry>(contexts, 'context', file),
  };
}

/** Members that name files, from the kubeconfig's own folder. */
const fileMembers = new Set(['certificate-authority', 'client-certificate', 'client-key', 'tokenFile']);

function entries<Entry>(list: unknown, member: string, file: string): Map<string, Entry> {
  const named = (list ?? []) as readonly ({ readonly name: string } & Record<string, Record<string, unknown> | undefined>)[];
  return new Map(
    named.map((entry) => [
      entry.name,
      Object.fromEntries(
        Object.entries(entry[member] ?? {}).map(([key, value]) => [
          key,
          fileMembers.has(key) && typeof value === 'string' && !isAbsolute(value) ? join(dirname(file), value) : value,
        ]),
      ) as Entry,
    ]),
  );
}

function merged(first: Kubeconfig, second: Kubeconfig): Kubeconfig {
  const currentContext = first.currentContext ?? second.currentContext;
  return {
    files: [...first.files, ...second.files],
    ...(currentContext === undefined ? {} : { currentContext }),
    clusters: new Map([...second.clusters, ...first.clusters]),
    users: new Map([...second.users, ...first.users]),
    contexts: new Map([...second.contexts, ...first.contexts]),
  };
}

/**
 * The context that is meant: the named one, else the current one.
 *
 * @throws UsageError when there is none, or it names what isn't there
 */
export function targetOf(config: Kubeconfig, context: string | undefined): Target {
  const where = config.files.join(', ');
  const known = [...config.contexts.keys()];
  const choose = known.length > 0 ? `choose with --context from ${known.join(', ')}` : `${where} has no context`;
  const name = context ?? config.currentContext;
  if (name === undefined) throw new UsageError(`${where} has no current context: ${choose}`);
  const entry = config.contexts.get(name);
  if (entry === undefined) throw new UsageError(`there is no context "${name}" in ${where}: ${choose}`);
  const cluster = config.clusters.get(entry.cluster ?? '');
  if (cluster?.server === undefined)
    throw new UsageError(`the context "${name}" of ${where} names the cluster "${entry.cluster ?? ''}", which has no server there`);
  const user = config.users.get(entry.user ?? '');
  if (user === undefined && (entry.user ?? '') !== '')
    throw new UsageError(`the context "${name}" of ${where} names the user "${entry.user}", who isn't there`);
  return { context: name, cluster, user: user ?? {}, ...(entry.namespace === undefined || entry.namespace === '' ? {} : { namespace: entry.namespace }) };
}
