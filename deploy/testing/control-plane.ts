import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'node:https';
import { stringify } from 'yaml';
import { freePorts } from '../../services/service-kit/testing/free-ports';
import { ended, isProgram } from '../../services/service-kit/testing/programs';
import { Cluster } from '../src/cluster/cluster';
import { Connection } from '../src/cluster/connection';
import { Discovery } from '../src/cluster/discovery';

/** Sentence for a test that needs an API server and doesn't find one. */
export const controlPlaneMissing = 'needs a Kubernetes API server: name a folder with etcd, kube-apiserver and kube-controller-manager in KUBEBUILDER_ASSETS';

/** The programs of a control plane. */
const programs = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const;

/** Their folder, `KUBEBUILDER_ASSETS`; nothing where one of them isn't there. */
export function findControlPlane(): string | undefined {
  const folder = process.env['KUBEBUILDER_ASSETS'];
  if (folder === undefined || folder === '') return undefined;
  return programs.every((program) => isProgram(join(folder, program))) ? folder : undefined;
}

/** A real etcd, API server and controllers, without nodes: what a cluster keeps, and nothing that runs. */
export interface ControlPlane {
  readonly server: string;
  /** Path of a kubeconfig with one context, `test`, of an administrator. */
  readonly kubeconfig: string;
  /** The administrator's token. */
  readonly token: string;
  /** Token of `deployer`, who may do nothing yet. */
  readonly deployerToken: string;
  /** Tokens of five more administrators, `admin-1` to `admin-5`. */
  readonly tokens: readonly string[];
  readonly ca: string;
  /** A cluster as Berth sees it, of the administrator or of another user by token. */
  connect(token?: string): Cluster;
  /** Each request that reached a stage of completion: one line of JSON. https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/ */
  readonly auditLog: string;
  dispose(): Promise<void>;
}

/** Starts one on 127.0.0.1, in a folder of its own. @throws Error when it isn't up within a minute */
export async function startControlPlane(): Promise<ControlPlane> {
  const assets = findControlPlane();
  if (assets === undefined) throw new Error(controlPlaneMissing);
  const folder = mkdtempSync(join(tmpdir(), 'berth-control-plane-'));
  const [client, peer, port] = await freePorts(3);
  const token = randomBytes(16).toString('hex');
  const auditLog = join(folder, 'audit.log');
  writeKeys(folder);
  const tokens = [1, 2, 3, 4, 5].map((n) => `${token}${n}`);
  const lines = [
    `${token}c,controllers,controllers,"system:masters"`,
    `${token}d,deployer,deployer`,
    `${token},admin,admin,"system:masters"`,
    ...tokens.map((text, i) => `${text},admin-${i + 1},admin-${i + 1},"system:masters"`),
  ];
  writeFileSync(join(folder, 'tokens.csv'), `${lines.join('\n')}\n`);
  writeFileSync(
    join(folder, 'audit.yaml'),
    stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules: [{ level: 'Metadata' }] }),
  );
  const children: ChildProcess[] = [];
  const start = (name: (typeof programs)[number], ...args: string[]) => children.push(run(join(assets, name), args, join(folder, `${name}.log`)));
  const etcdUrl = `http://127.0.0.1:${client}`;
  start(
    'etcd',
    `--data-dir=${folder}/etcd`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    '--unsafe-no-fsync',
    '--log-level=error',
  );
  start(
    'kube-apiserver',
    `--etcd-servers=${etcdUrl}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--cert-dir=${folder}/certificates`,
    '--service-cluster-ip-range=10.0.0.0/16',
    '--authorization-mode=RBAC',
    '--allow-privileged=true',
    `--token-auth-file=${folder}/tokens.csv`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${folder}/accounts.pub`,
    `--service-account-signing-key-file=${folder}/accounts.key`,
    `--audit-policy-file=${folder}/audit.yaml`,
    `--audit-log-path=${auditLog}`,
    '--max-requests-inflight=0',
    '--max-mutating-requests-inflight=0',
    '--enable-priority-and-fairness=false',
  );
  const dispose = async () => {
    await Promise.all(children.map((child) => ended(child, 'SIGKILL')));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const server = `https://127.0.0.1:${port}`;
    const ca = await certificate(join(folder, 'certificates', 'apiserver.crt'), folder);
    const connect = (as = token) => connected(server, ca, as);
    await untilReady(connect(), folder);
    const kubeconfig = writeKubeconfig(folder, server, ca, token);
    // its writes are nobody's
    const controllers = writeKubeconfig(join(folder, 'certificates'), server, ca, `${token}c`);
    start(
      'kube-controller-manager',
      `--kubeconfig=${controllers}`,
      `--service-account-private-key-file=${folder}/accounts.key`,
      '--leader-elect=false',
      '--secure-port=0',
      '--concurrent-gc-syncs=4',
    );
    return { server, ca, token, deployerToken: `${token}d`, tokens, kubeconfig, connect, auditLog, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function run(program: string, args: readonly string[], log: string): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const file = createWriteStream(log);
  child.stdout.pipe(file);
  child.stderr.pipe(file);
  process.once('exit', () => child.kill('SIGKILL'));
  return child;
}

function writeKeys(folder: string): void {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(folder, 'accounts.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(join(folder, 'accounts.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
}

/** The API server signs one for itself. */
async function certificate(path: string, folder: string): Promise<string> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (existsSync(path) && readFileSync(path, 'utf8').includes('END CERTIFICATE')) return readFileSync(path, 'utf8');
    await sleep(100);
  }
  throw new Error(`the API server made no certificate: ${lastWords(folder)}`);
}

function connected(server: string, ca: string, token: string): Cluster {
  const agent = new Agent({ keepAlive: true, maxSockets: 8, ca, checkServerIdentity: () => undefined });
  const connection = new Connection({ server: new URL(server), agent, headers: () => ({ authorization: `Bearer ${token}` }) });
  return new Cluster(connection, new Discovery(connection));
}

async function untilReady({ connection }: Cluster, folder: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const isReady = await connection.call({ method: 'GET', path: '/readyz', accept: '*/*', repeatable: false }).then(
      () => true,
      () => false,
    );
    if (isReady) return;
    await sleep(200);
  }
  throw new Error(`the API server did not become ready: ${lastWords(folder)}`);
}

function lastWords(folder: string): string {
  const log = join(folder, 'kube-apiserver.log');
  return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-3).join(' | ') : 'it said nothing';
}

/** Writes a kubeconfig with one context, `test`, into a folder. @returns its path */
export function writeKubeconfig(folder: string, server: string, ca: string, token: string): string {
  const path = join(folder, 'kubeconfig');
  const cluster = { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  writeFileSync(
    path,
    stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      clusters: [{ name: 'test', cluster }],
      users: [{ name: 'admin', user: { token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    }),
    { mode: 0o600 },
  );
  return path;
}
