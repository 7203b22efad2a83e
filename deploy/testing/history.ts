import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { KubernetesObject } from '../src/manifests/kubernetes-object';
import type { ControlPlane } from './control-plane';

/**
 * Every state that the objects of a collection were in since a version, however short: a watch that begins in the past.
 *
 * @param path - such as `/apis/apps/v1/namespaces/shop/deployments`
 */
export async function statesSince({ server, ca, token }: ControlPlane, path: string, resourceVersion: string): Promise<KubernetesObject[]> {
  const url = new URL(`${path}?watch=true&timeoutSeconds=1&resourceVersion=${resourceVersion}`, server);
  const options = { ca, checkServerIdentity: () => undefined, headers: { authorization: `Bearer ${token}` } };
  const response = await new Promise<IncomingMessage>((resolve, reject) => request(url, options, resolve).on('error', reject).end());
  const lines = await text(response);
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { object: KubernetesObject }).object);
}
