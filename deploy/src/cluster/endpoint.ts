import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { enableCompileCache } from 'node:module';
import type { ConnectionOptions } from 'node:tls';
import { UsageError } from '../exit-codes';
import type { Target } from './kubeconfig';

/** How to reach an API server, and as whom. */
export interface Endpoint {
  readonly server: URL;
  readonly agent: HttpAgent | HttpsAgent;
  /** For what stays open: its connections don't count among those of {@link agent}. */
  readonly streamAgent: HttpAgent | HttpsAgent;
  /** With what the server is known and the user is known to it, where HTTP/2 may be tried. */
  readonly tls?: ConnectionOptions;
  /** Headers that say who asks; read anew for each request, because a token file changes. */
  headers(): Readonly<Record<string, string>>;
}

/** Requests at once. Eight were within 15 % of thirty for thirty objects, and leave the API server to others. */
const maxSockets = 8;

/**
 * The endpoint of a context. Certificates, tokens and passwords are read here; programs that log in (`exec`), login providers and proxies are left to
 * `@kubernetes/client-node`, which takes half a second to load.
 *
 * @throws UsageError when a file that it names can't be read
 */
export async function endpointOf(target: Target, kubeconfigText: () => string): Promise<Endpoint> {
  const { cluster, user } = target;
  const server = serverOf(target);
  if (user.exec !== undefined || user['auth-provider'] !== undefined || cluster['proxy-url'] !== undefined || user.as !== undefined) {
    enableCompileCache();
    const { delegatedEndpoint } = await import('./client-node.js');
    return delegatedEndpoint(server, kubeconfigText(), target.context).catch((error: unknown) => {
      throw new UsageError(`logging in to the context "${target.context}" failed: ${(error as Error).message}`, { cause: error });
    });
  }
  const tls: ConnectionOptions = {
    ...member('ca', contentOf(cluster['certificate-authority-data'], cluster['certificate-authority'])),
    ...member('cert', contentOf(user['client-certificate-data'], user['client-certificate'])),
    ...member('key', contentOf(user['client-key-data'], user['client-key'])),
    ...member('servername', cluster['tls-server-name']),
    ...(cluster['insecure-skip-tls-verify'] ? { rejectUnauthorized: false } : {}),
  };
  const kept = { keepAlive: true, maxSockets };
  const headers = () => authorization(user);
  if (server.protocol === 'http:') return { server, agent: new HttpAgent(kept), streamAgent: new HttpAgent(), headers };
  return { server, agent: new HttpsAgent({ ...tls, ...kept }), streamAgent: new HttpsAgent(tls), tls, headers };
}

function serverOf({ context, cluster: { server } }: Target): URL {
  const url = URL.parse(server!);
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new UsageError(`the server of the context "${context}" is "${server}": it must be a URL such as https://192.0.2.1:6443`);
}

function member<Name extends string, Value>(name: Name, value: Value | undefined): Partial<Record<Name, Value>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, Value>);
}

function contentOf(base64: string | undefined, file: string | undefined): Buffer | undefined {
  if (base64 !== undefined && base64 !== '') return Buffer.from(base64, 'base64');
  return file === undefined || file === '' ? undefined : readNamed(file);
}

function readNamed(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`${file}, which the kubeconfig names, can't be read (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}

function authorization({ token, tokenFile, username, password }: Target['user']): Record<string, string> {
  const bearer = tokenFile === undefined || tokenFile === '' ? token : readNamed(tokenFile).toString().trim();
  if (bearer !== undefined && bearer !== '') return { authorization: `Bearer ${bearer}` };
  if (username !== undefined) return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
  return {};
}
