import { kubectl, kubectlSaid } from './cluster';

const name = 'berth-registry';

/** A registry on the node itself, which has no image at all and says so: what a real one says of a tag that is missing, also where there is no internet. */
export interface EmptyRegistry {
  /** What a reference to it begins with. */
  readonly host: string;
  remove(): Promise<void>;
}

const port = 5055;

const program = `require('node:http').createServer((request, answer) => {
  const missing = request.url !== '/v2/';
  answer.writeHead(missing ? 404 : 200, { 'content-type': 'application/json' });
  answer.end(missing ? JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] }) : '{}');
}).listen(${port})`;

/** Starts one; container runtimes ask a registry on localhost by plain HTTP. */
export async function startEmptyRegistry(): Promise<EmptyRegistry> {
  const container = {
    name: 'registry',
    image: 'node:24-bookworm-slim',
    imagePullPolicy: 'IfNotPresent',
    command: ['node', '-e', program],
    readinessProbe: { httpGet: { path: '/v2/', port, host: '127.0.0.1' }, periodSeconds: 1 },
  };
  const spec = { hostNetwork: true, terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, containers: [container] };
  await kubectlSaid(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec }));
  await kubectl('wait', '-n', 'default', `pod/${name}`, '--for=condition=Ready', '--timeout=60s');
  const remove = async () => void (await kubectl('delete', 'pod', '-n', 'default', name, '--ignore-not-found', '--force', '--grace-period=0'));
  return { host: `localhost:${port}`, remove };
}
