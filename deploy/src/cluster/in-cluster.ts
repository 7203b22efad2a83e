import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import type { Target } from './kubeconfig';

/** https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api */
const folder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The cluster that this process runs in, as its pod's service account; nothing outside of one. */
export function inClusterTarget({ KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' }: NodeJS.ProcessEnv): Target | undefined {
  const tokenFile = join(folder, 'token');
  if (host === undefined || !existsSync(tokenFile)) return undefined;
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    context: 'in-cluster',
    namespace: readFileSync(join(folder, 'namespace'), 'utf8').trim(),
    cluster: { server, 'certificate-authority': join(folder, 'ca.crt') },
    user: { tokenFile },
  };
}
