import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlPlane, controlPlaneMissing, findControlPlane, startControlPlane } from '../../deploy/testing/control-plane';
import { objectCount, type ObjectSet, writeObjects } from './deployed-objects';
import { places } from './places';
import { hasProcessFigures } from './process-figures';
import { type Section, skippedSection, type Verdict } from './section';
import { onMeasuredCore } from './servers';
import type { Settings } from './settings';
import { median } from './statistics';
import { peakMegabytes, quiet, timed } from './whole-process';

const title = 'berth';

/** Whole processes: berth beside kubectl and Helm, doing the same to one real API server. */
export async function berthSpeed({ starts }: Settings): Promise<Section[]> {
  if (findControlPlane() === undefined) return [skippedSection(title, `it ${controlPlaneMissing}`)];
  const absent = ['kubectl', 'helm'].filter((program) => spawnSync(program, ['version', '--client'], { stdio: 'ignore' }).error);
  if (absent.length > 0) return [skippedSection(title, `${absent.join(' and ')} is not on the PATH`)];
  const plane = await startControlPlane();
  try {
    return [sectionOf(await measure(plane, starts), starts)];
  } finally {
    await plane.dispose();
  }
}

/** What a tool does in a namespace with a set of objects. */
type Tool = (namespace: string, set: ObjectSet) => readonly string[];

const berth = (...args: string[]) => [process.execPath, join(places.root, 'deploy', 'bin', 'berth.js'), ...args];

const appliers: Readonly<Record<string, Tool>> = {
  'berth apply': (namespace, { file }) => berth('apply', file, '-n', namespace, '--name', 'shop'),
  'kubectl apply --server-side': (namespace, { file }) => ['kubectl', 'apply', '--server-side', '-f', file, '-n', namespace],
  'helm upgrade': (namespace, { chart }) => ['helm', 'upgrade', '--install', 'shop', chart, '-n', namespace],
};

/** Each looks at what its own kind of apply has made. */
const differs: Readonly<Record<string, readonly [applier: string, tool: Tool]>> = {
  'berth plan': ['berth apply', (namespace, { file }) => berth('plan', file, '-n', namespace, '--name', 'shop')],
  'kubectl diff': ['kubectl apply', (namespace, { file }) => ['kubectl', 'diff', '-f', file, '-n', namespace]],
  'kubectl diff --server-side': ['kubectl apply --server-side', (namespace, { file }) => ['kubectl', 'diff', '--server-side', '-f', file, '-n', namespace]],
};

/** Milliseconds of each run, by what was done and by whom. */
type Times = Map<string, number[]>;

interface Measured {
  readonly times: Times;
  /** Megabytes; empty where the system doesn't tell. */
  readonly peaks: Readonly<Record<string, number>>;
}

async function measure(plane: ControlPlane, rounds: number): Promise<Measured> {
  const home = places.file('home');
  mkdirSync(home, { recursive: true });
  const env = { PATH: process.env['PATH'], HOME: home, KUBECONFIG: plane.kubeconfig };
  const run = (command: readonly string[]) => timed(onMeasuredCore(command), env);
  const times: Times = new Map();
  const inTurn = (round: number, commands: Readonly<Record<string, readonly string[]>>, what: string) => {
    for (const [who, command] of round % 2 === 0 ? Object.entries(commands) : Object.entries(commands).toReversed()) {
      const { milliseconds } = run(command);
      // the first round counts for nothing: it warms up the caches of files, of kinds and of compiled code
      if (round > 0) times.set(`${what}${who}`, [...(times.get(`${what}${who}`) ?? []), milliseconds]);
    }
  };
  const [first, second] = [writeObjects('1'), writeObjects('2')];
  const all = (tools: Readonly<Record<string, Tool>>, round: number, set: ObjectSet) =>
    Object.fromEntries(Object.entries(tools).map(([who, tool]) => [who, tool(namespaceOf(who, round), set)]));
  for (let round = 0; round <= rounds; round++) {
    for (const who of Object.keys(appliers)) await makeNamespace(plane, namespaceOf(who, round));
    inTurn(round, all(appliers, round, first), 'all are new: ');
    inTurn(round, all(appliers, round, second), 'all change: ');
  }
  const clientSide = namespaceOf('kubectl apply', 0);
  await makeNamespace(plane, clientSide);
  run(['kubectl', 'apply', '-f', second.file, '-n', clientSide]);
  const looks = Object.fromEntries(Object.entries(differs).map(([who, [applier, tool]]) => [who, tool(namespaceOf(applier, 0), second)]));
  const ours = namespaceOf('berth apply', 0);
  const lists = {
    'berth history': berth('history', '-n', ours, '--name', 'shop'),
    'kubectl get': ['kubectl', 'get', 'configmaps', '-n', ours, '-l', 'berth.dev/revision-of=shop'],
  };
  for (let round = 0; round <= rounds; round++) {
    inTurn(round, looks, 'nothing changes: ');
    inTurn(round, lists, 'a list: ');
    inTurn(round, { 'node -e 0': [process.execPath, '-e', '0'], 'berth --help': berth('--help') }, '');
  }
  if (!hasProcessFigures) return { times, peaks: {} };
  await makeNamespace(plane, 'memory');
  const commands = {
    'all are new: berth apply': appliers['berth apply']!('memory', first),
    'nothing changes: berth plan': looks['berth plan']!,
    'a list: berth history': lists['berth history'],
  };
  return { times, peaks: Object.fromEntries(Object.entries(commands).map(([what, command]) => [what, peakMegabytes(onMeasuredCore(command), env)])) };
}

function namespaceOf(who: string, round: number): string {
  return `${who.replace(/\W+/g, '-')}-${round}`;
}

async function makeNamespace(plane: ControlPlane, name: string): Promise<void> {
  const resource = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };
  await plane.connect().create({ resource, name }, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

function sectionOf({ times, peaks }: Measured, rounds: number): Section {
  const of = (name: string) => quiet(times.get(name)!);
  const faster = (what: string, ours: string, other: string, target: number): Verdict => ({
    what: `${what}: ${other}, times ${ours}`,
    figure: of(`${what}: ${other}`) / of(`${what}: ${ours}`),
    bound: 'at least',
    target,
  });
  return {
    title,
    notes: [
      `Whole processes, wall time, ${rounds} in turn on one core, and the API server and etcd on the other; mean of the quietest third, and median. ${objectCount} objects of five kinds, one file; kubectl's cache of kinds is warm. ` +
        'berth apply locks, writes its inventory, waits until all is ready, and records a revision; neither kubectl nor Helm waits. A list is `berth history`: one list of ConfigMaps, as `kubectl get` asks for it.',
    ],
    head: ['what', 'ms', 'median', 'peak MB'],
    rows: [...times].map(([what, values]) => [what, quiet(values).toFixed(0), median(values).toFixed(0), peaks[what]?.toFixed(0) ?? '']),
    verdicts: [
      { what: 'berth --help, times `node -e 0`', figure: of('berth --help') / of('node -e 0'), bound: 'at most', target: 2.5 },
      ...['all are new', 'all change'].flatMap((what) => [
        faster(what, 'berth apply', 'kubectl apply --server-side', 3.5),
        faster(what, 'berth apply', 'helm upgrade', 1),
      ]),
      faster('nothing changes', 'berth plan', 'kubectl diff', 5),
      faster('nothing changes', 'berth plan', 'kubectl diff --server-side', 1),
      { what: 'a list: berth history, times kubectl get', figure: of('a list: berth history') / of('a list: kubectl get'), bound: 'at most', target: 2 },
      ...Object.entries(peaks).map(([what, figure]): Verdict => ({ what: `${what}, resident`, figure, bound: 'at most', target: 90, unit: 'MB' })),
    ],
  };
}
