import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';

const repository = resolve(__dirname, '../..');

/** How these suites are run; they make and delete namespaces, so a KUBECONFIG alone doesn't start them. */
const command = 'KUBECONFIG=<of a cluster to throw away> npm run e2e';

/** A `describe` that is skipped, and says so with the cure, where no cluster was given or something else that it needs is missing. */
export function describeOnCluster(name: string, body: () => void, needs: Readonly<Record<string, boolean>> = {}): void {
  const missing = process.env['BERTH_E2E'] === '1' ? Object.keys(needs).filter((need) => !needs[need]) : [`a cluster: ${command}`];
  if (missing.length === 0) return describe(name, body);
  const reason = `skipped, it needs ${missing.join(' and ')}`;
  // Jest does not print the names of a file whose tests are all skipped
  process.stderr.write(`${name}: ${reason}\n`);
  describe.skip(`${name} (${reason})`, body);
}

/** What kubectl printed. */
export interface Said {
  readonly stdout: string;
  /** Warnings of the API server among it. */
  readonly stderr: string;
}

/**
 * Runs kubectl in the repository.
 *
 * @param input - its stdin
 * @throws Error with what it printed when it exits with anything but 0
 */
export async function kubectlSaid(args: readonly string[], input?: string): Promise<Said> {
  return programSaid('kubectl', args, input);
}

/** Runs kubectl and gives its stdout, trimmed. */
export async function kubectl(...args: string[]): Promise<string> {
  return (await kubectlSaid(args)).stdout.trim();
}

/** Runs any program in the repository. @throws Error with what it printed when it exits with anything but 0 */
export async function programSaid(program: string, args: readonly string[], input?: string): Promise<Said> {
  const child = spawn(program, args, { cwd: repository, stdio: 'pipe' });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // A program that ends early closes its input; its exit code tells
  child.stdin.on('error', () => undefined).end(input);
  const code = await new Promise((ended, failed) => child.on('error', failed).on('close', ended));
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} exited with ${String(code)}:\n${stdout}${stderr}`);
  return { stdout, stderr };
}

/** An object of the cluster, as far as these suites look into it. */
export interface ClusterObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: {
    readonly podIP?: string;
    readonly succeeded?: number;
    readonly failed?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number; readonly lastState: Readonly<Record<string, unknown>> }[];
  };
}

/** Objects of a kind in a namespace, those that are being deleted left out. */
export async function objectsIn(namespace: string, kind: string, selector = ''): Promise<readonly ClusterObject[]> {
  const text = await kubectl('get', kind, '-n', namespace, '-o', 'json', ...(selector ? ['-l', selector] : []));
  return (JSON.parse(text) as { items: ClusterObject[] }).items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** The pods that serve; migrations and the database are others. */
export function serversIn(namespace: string, service = ''): Promise<readonly ClusterObject[]> {
  return objectsIn(namespace, 'pods', `app.kubernetes.io/component=server${service && `,app.kubernetes.io/name=${service}`}`);
}

/** A way to a Service from this machine. */
export interface PortForward {
  readonly url: string;
  close(): void;
}

/** Forwards a free port of this machine to a Service's port 8000. */
export async function portForward(namespace: string, service: string): Promise<PortForward> {
  const child: ChildProcess = spawn('kubectl', ['port-forward', '-n', namespace, `service/${service}`, ':8000', '--address', '127.0.0.1']);
  let said = '';
  const port = await new Promise<string>((found, failed) => {
    const read = (text: Buffer) => {
      said += text.toString();
      const line = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(said);
      if (line) found(line[1]!);
    };
    child.stdout!.on('data', read);
    child.stderr!.on('data', read);
    child.on('close', () => failed(new Error(`kubectl port-forward ended:\n${said}`)));
  });
  return { url: `http://127.0.0.1:${port}`, close: () => void child.kill() };
}
