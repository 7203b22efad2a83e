import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { berth, type Run, type RunOptions } from '../../deploy/testing/berth-process';
import { type Certificate, type CuttingProxy, startCuttingProxy } from '../../deploy/testing/cutting-proxy';
import { programSaid } from './cluster';

const repository = resolve(__dirname, '../..');

/** The kubeconfig of the cluster that these suites use. */
const kubeconfig = () => process.env['KUBECONFIG'] ?? join(process.env['HOME'] ?? '', '.kube', 'config');

/** Runs berth in the repository, on the cluster or through a proxy. */
export function runBerth(args: readonly string[], options: Partial<RunOptions> = {}): Promise<Run> {
  return berth(args, { kubeconfig: kubeconfig(), cwd: repository, ...options });
}

/** Runs it and expects that it ends with an exit code. @throws Error with what it said */
export async function expectBerth(code: number, args: readonly string[], options: Partial<RunOptions> = {}): Promise<Run> {
  const run = await runBerth(args, options);
  if (run.code !== code) throw new Error(`berth ${args.join(' ')} ended with ${run.code}, not ${code}:\n${run.stdout}${run.stderr}`);
  return run;
}

interface NamedEntry {
  readonly cluster: { readonly server: string; readonly 'certificate-authority-data'?: string };
  readonly user: { readonly token?: string; readonly 'client-certificate-data'?: string; readonly 'client-key-data'?: string };
}

/** A proxy before the cluster's API server, which counts what is written and cuts where it is told to. Certificates and tokens lie in the kubeconfig itself. */
export async function proxyToCluster(): Promise<CuttingProxy> {
  const { clusters, users } = parse(readFileSync(kubeconfig(), 'utf8')) as { clusters: readonly NamedEntry[]; users: readonly NamedEntry[] };
  const { server, 'certificate-authority-data': ca = '' } = clusters[0]!.cluster;
  const { token, 'client-certificate-data': cert, 'client-key-data': key } = users[0]!.user;
  const decoded = (base64: string) => Buffer.from(base64, 'base64').toString();
  return startCuttingProxy({
    server,
    ca: decoded(ca),
    ...(token === undefined ? {} : { token }),
    ...(cert === undefined || key === undefined ? {} : { client: { cert: decoded(cert), key: decoded(key) } }),
    certificate: await selfSigned(),
  });
}

async function selfSigned(): Promise<Certificate> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-certificate-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  try {
    const names = ['-subj', '/CN=berth-proxy', '-addext', 'subjectAltName=IP:127.0.0.1'];
    await programSaid('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...names, '-keyout', key, '-out', cert]);
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
