import { createHash } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { networkInterfaces } from 'node:os';
import { gzipSync } from 'node:zlib';

/** Where containerd speaks plain HTTP without being told. */
export const registryPort = 5000;

const digestOf = (content: Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`;

const emptyTar = Buffer.alloc(1024);
const layer = gzipSync(emptyTar);
const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [digestOf(emptyTar)] } }));
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(config), size: config.length },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digestOf(layer), size: layer.length }],
  }),
);

/**
 * A registry that has one empty image, `shop/web:1`, wants a login for all of `private/`, and knows nothing else.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 */
export async function startRegistry(): Promise<Server> {
  const server = createServer(({ url = '', method }, response) => {
    const found = contentAt(url);
    if (url.includes('/private/')) return refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="shop"' });
    if (found === undefined) return refuse(response, 404, 'NAME_UNKNOWN');
    const [type, content] = found;
    response.writeHead(200, { 'content-type': type, 'content-length': content.length, 'docker-content-digest': digestOf(content) });
    response.end(method === 'HEAD' ? undefined : content);
  });
  await new Promise<void>((listening, failed) => server.once('error', failed).listen(registryPort, listening));
  return server;
}

function contentAt(url: string): readonly [type: string, content: Buffer] | undefined {
  if (url === '/v2/') return ['application/json', Buffer.from('{}')];
  if (url.endsWith('/shop/web/manifests/1') || url.endsWith(digestOf(manifest))) return [manifestType, manifest];
  const blob = [config, layer].find((each) => url.endsWith(digestOf(each)));
  return blob && ['application/octet-stream', blob];
}

function refuse(response: ServerResponse, status: number, code: string, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ errors: [{ code, message: 'not here' }] }));
}

/** Whether an address is this machine's: then a node's containerd finds the registry at its own `localhost`. */
export function isOwnAddress(address: string): boolean {
  return Object.values(networkInterfaces()).some((each) => each?.some((one) => one.address === address));
}
