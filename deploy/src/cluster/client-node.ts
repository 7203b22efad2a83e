// The only import of @kubernetes/client-node, and a lazy one: loading it takes longer than all else that a command does.
// It is a bundle of its own, so it must not share a class with the rest: an error of it would be none of theirs.
import type { Agent } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Endpoint } from './endpoint';

/**
 * An endpoint for what needs a program that logs in, a login provider, a proxy or another identity.
 *
 * @param kubeconfig - its whole text, its files named absolutely
 * @throws Error when logging in fails
 */
export async function delegatedEndpoint(server: URL, kubeconfig: string, context: string): Promise<Endpoint> {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  config.setCurrentContext(context);
  const options: { headers?: Record<string, string>; agent?: Agent } = {};
  await config.applyToHTTPSOptions(options);
  return { server, agent: options.agent!, streamAgent: options.agent!, headers: () => options.headers ?? {} };
}
