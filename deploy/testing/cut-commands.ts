import { cpSync, rmSync } from 'node:fs';
import type { Cluster } from '../src/cluster/cluster';
import { berth, folderWith, type Run } from './berth-process';
import type { Cut, CuttingProxy } from './cutting-proxy';
import { liveState } from './live-state';

/** A command to cut. */
export interface Scenario {
  readonly name: string;
  /** Commands that lead to where the cut one begins; each a set of manifests. */
  readonly before: readonly Files[];
  readonly manifests: Files;
  readonly args: readonly string[];
}

type Files = Readonly<Record<string, string>>;

/** The container of a pod: of a server, or of a Job. @param release - what differs between two releases */
export type ContainerOf = (kind: 'server' | 'job', name: string, release: number) => object;

/** Commands over two sets of manifests: the second changes, adds and leaves out. */
export function scenariosOf(containerOf: ContainerOf): readonly Scenario[] {
  const [first, second] = [firstSet(containerOf), secondSet(containerOf)];
  return [
    { name: 'a first apply', before: [], manifests: first, args: ['apply'] },
    { name: 'an apply that changes and prunes', before: [first], manifests: second, args: ['apply'] },
    { name: 'a rollback', before: [first, second], manifests: second, args: ['rollback', '--to', '1'] },
    { name: 'a destroy', before: [first], manifests: first, args: ['destroy', '--confirm', 'shop'] },
    { name: 'a destroy with its data', before: [first], manifests: first, args: ['destroy', '--confirm', 'shop', '--delete-data'] },
  ];
}

const firstSet = (containerOf: ContainerOf): Files => ({
  'web.yaml': deployment('web', containerOf('server', 'web', 1)) + service('web') + configMap('web-1', 'one'),
  'back.yaml':
    deployment('back', containerOf('server', 'back', 1)) + service('back') + configMap('back-1', 'one') + job('migrate-1', containerOf('job', 'm', 1)),
  'data.yaml': claim + secret('first-secret'),
});

const secondSet = (containerOf: ContainerOf): Files => ({
  'web.yaml': deployment('web', containerOf('server', 'web', 2)) + service('web') + configMap('web-2', 'two'),
  'back.yaml': deployment('back', containerOf('server', 'back', 2)) + configMap('back-2', 'two') + job('migrate-2', containerOf('job', 'm', 2)),
  'data.yaml': secret('second-secret'),
});

function object(apiVersion: string, kind: string, name: string, rest: object): string {
  return `---\n${JSON.stringify({ apiVersion, kind, metadata: { name }, ...rest })}\n`;
}

function deployment(name: string, container: object): string {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } };
  return object('apps/v1', 'Deployment', name, { spec: { selector: { matchLabels: labels }, template } });
}

function job(name: string, container: object): string {
  return object('batch/v1', 'Job', name, { spec: { template: { spec: { restartPolicy: 'Never', containers: [container] } } } });
}

const service = (name: string) => object('v1', 'Service', name, { spec: { selector: { app: name }, ports: [{ port: 80 }] } });
const configMap = (name: string, word: string) => object('v1', 'ConfigMap', name, { data: { word } });
const secret = (key: string) => object('v1', 'Secret', 'key', { stringData: { key } });
const claim = object('v1', 'PersistentVolumeClaim', 'data', { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });

/** A holder stops when it couldn't renew for 0.7 of it, as on a machine that is loaded; the run after a killed one waits for its end. */
const lease = '6s';

/** Where commands are cut. */
export interface CutSettings {
  readonly proxy: CuttingProxy;
  readonly cluster: Cluster;
  readonly timeout: string;
  /** Makes a namespace, and gives its name. */
  namespace(): Promise<string>;
}

/** Commands that are cut, and run again. */
export interface Cutter {
  /** Runs a scenario without a cut. @returns how much it writes, and the state in which it ends */
  uncut(scenario: Scenario): Promise<{ readonly writes: number; readonly state: Record<string, unknown> }>;
  /** Cuts a scenario's command, runs it again and gives the state in which that ends. @throws Error when the second run fails */
  cutAndRunAgain(scenario: Scenario, cut: Cut): Promise<Record<string, unknown>>;
}

/** Runs commands through a proxy that cuts them. */
export function createCutter({ proxy, cluster, timeout, namespace: newNamespace }: CutSettings): Cutter {
  const run = ([verb = '', ...flags]: readonly string[], folder: string, namespace: string, kill?: AbortSignal) =>
    berth([verb, folder, '-n', namespace, '--lock-lease', lease, '--timeout', timeout, ...flags], { kubeconfig: proxy.kubeconfig, ...(kill && { kill }) });

  /** A stack where a scenario begins. */
  const prepared = async ({ before, manifests }: Scenario) => {
    const namespace = await newNamespace();
    const folder = folderWith({});
    const put = (files: Files) => {
      rmSync(folder, { recursive: true });
      cpSync(folderWith(files), folder, { recursive: true });
    };
    proxy.mend();
    for (const files of before) {
      put(files);
      expectDone(await run(['apply'], folder, namespace));
    }
    put(manifests);
    return { namespace, folder };
  };

  return {
    async uncut(scenario) {
      const { namespace, folder } = await prepared(scenario);
      proxy.arm({ atWrite: Infinity, when: 'after', how: 'kill' });
      expectDone(await run(scenario.args, folder, namespace));
      return { writes: proxy.writes, state: await liveState(cluster, namespace) };
    },
    async cutAndRunAgain(scenario, cut) {
      const { namespace, folder } = await prepared(scenario);
      const kill = new AbortController();
      proxy.arm(cut, () => cut.how === 'kill' && kill.abort());
      const first = await run(scenario.args, folder, namespace, kill.signal);
      // the last write gives the lock back: without that all is done, and after it a command may end before it is killed
      const isAtEnd = cut.when === 'after' && proxy.writes === cut.atWrite && first.code === 0;
      proxy.mend();
      const isCut = isAtEnd || (cut.how === 'kill' ? first.signal === 'SIGKILL' : first.code === 0 || first.code === 1);
      if (!isCut) throw new Error(`it was not cut: ${JSON.stringify(first)}`);
      const again = await run(scenario.args, folder, namespace);
      const isGone = scenario.args[0] === 'destroy' && again.code === 3 && again.stderr.includes('is not deployed here');
      if (!isGone) expectDone(again);
      return liveState(cluster, namespace);
    },
  };
}

function expectDone({ code, stdout, stderr }: Run): void {
  if (code !== 0) throw new Error(`berth ended with ${code}:\n${stdout}${stderr}`);
}

/** Every cut of a command with so many writes: before and after each, of the process and of the connection. */
export function everyCut(writes: number): readonly Cut[] {
  const numbers = Array.from({ length: writes }, (_, i) => i + 1);
  return numbers.flatMap((atWrite) =>
    (['before', 'after'] as const).flatMap((when) => (['kill', 'connection'] as const).map((how): Cut => ({ atWrite, when, how }))),
  );
}

/** So many of a list, evenly from its whole length. */
export function spread<Item>(list: readonly Item[], count: number): Item[] {
  return Array.from({ length: count }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / count)]!);
}
