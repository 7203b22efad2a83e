// The only import of @kubernetes/client-node, and a lazy one: loading it takes longer than all else that a command does.
import type { Agent } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { UsageError } from '../exit-codes';
import type { Endpoint } from './endpoint';

/**
 * An endpoint for what needs a program that logs in, a login provider, a proxy or another identity.
 *
 * @param kubeconfig - its whole text, its files named absolutely
 * @throws UsageError when logging in fails
 */
export async function delegatedEndpoint(server: URL, kubeconfig: string, context: string): Promise<Endpoint> {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  config.setCurrentContext(context);
  const options: { headers?: Record<string, string>; agent?: Agent } = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new UsageError(`logging in to the context "${context}" failed: ${(error as Error).message}`, { cause: error });
  }
  return { server, agent: options.agent!, headers: () => options.headers ?? {} };
}
