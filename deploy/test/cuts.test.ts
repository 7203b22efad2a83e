import { cpSync, rmSync } from 'node:fs';
import { berth, folderWith, type Run } from '../testing/berth-process';
import { type Cut, type CuttingProxy, startCuttingProxy } from '../testing/cutting-proxy';
import { liveState } from '../testing/live-state';
import { describeWithControlPlane } from '../testing/use-control-plane';

/** Every cut by BERTH_FULL=1; else this many of each command. */
const isFull = process.env['BERTH_FULL'] === '1';
const sample = 2;

const object = (apiVersion: string, kind: string, name: string, rest: string) =>
  `---\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}}\n${rest}\n`;
const deployment = (name: string, image: string) =>
  object(
    'apps/v1',
    'Deployment',
    name,
    `spec: {selector: {matchLabels: {app: ${name}}}, template: {metadata: {labels: {app: ${name}}}, spec: {containers: [{name: ${name}, image: "${image}"}]}}}`,
  );
const service = (name: string) => object('v1', 'Service', name, `spec: {selector: {app: ${name}}, ports: [{port: 80}]}`);
const configMap = (name: string, value: string) => object('v1', 'ConfigMap', name, `data: {word: "${value}"}`);
const claim = object('v1', 'PersistentVolumeClaim', 'data', 'spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}');
const secret = (value: string) => object('v1', 'Secret', 'key', `stringData: {key: "${value}"}`);
const job = (name: string) => object('batch/v1', 'Job', name, `spec: {template: {spec: {restartPolicy: Never, containers: [{name: m, image: "migrate:1"}]}}}`);

const first = {
  'web.yaml': deployment('web', 'web:1') + service('web') + configMap('web-1', 'one'),
  'back.yaml': deployment('back', 'back:1') + service('back') + configMap('back-1', 'one') + job('migrate-1'),
  'data.yaml': claim + secret('first-secret'),
};
/** Changes, adds and leaves out. */
const second = {
  'web.yaml': deployment('web', 'web:2') + service('web') + configMap('web-2', 'two'),
  'back.yaml': deployment('back', 'back:2') + configMap('back-2', 'two') + job('migrate-2'),
  'data.yaml': secret('second-secret'),
};

interface Scenario {
  readonly name: string;
  /** Commands that lead to where the cut one begins; each a set of manifests. */
  readonly before: readonly Readonly<Record<string, string>>[];
  readonly manifests: Readonly<Record<string, string>>;
  readonly args: readonly string[];
}

const scenarios: readonly Scenario[] = [
  { name: 'a first apply', before: [], manifests: first, args: ['apply'] },
  { name: 'an apply that changes and prunes', before: [first], manifests: second, args: ['apply'] },
  { name: 'a rollback', before: [first, second], manifests: second, args: ['rollback', '--to', '1'] },
  { name: 'a destroy', before: [first], manifests: first, args: ['destroy', '--confirm', 'shop'] },
  { name: 'a destroy with its data', before: [first], manifests: first, args: ['destroy', '--confirm', 'shop', '--delete-data'] },
];

describeWithControlPlane('a command that is cut', (at) => {
  let proxy: CuttingProxy;
  beforeAll(async () => void (proxy = await startCuttingProxy(at().plane)));
  afterAll(() => proxy?.close());

  /** A stack where a scenario begins. */
  async function prepared({ before, manifests }: Scenario) {
    const namespace = await at().namespace();
    const folder = folderWith({});
    const put = (files: Readonly<Record<string, string>>) => {
      rmSync(folder, { recursive: true });
      cpSync(folderWith(files), folder, { recursive: true });
    };
    proxy.mend();
    for (const files of before) {
      put(files);
      expect(await run(['apply'], folder, namespace)).toMatchObject({ code: 0 });
    }
    put(manifests);
    return { namespace, folder };
  }

  function run(args: readonly string[], folder: string, namespace: string, kill?: AbortSignal): Promise<Run> {
    const [verb = '', ...flags] = args;
    return berth([verb, folder, '-n', namespace, '--lock-lease', '2s', '--timeout', '20s', ...flags], { kubeconfig: proxy.kubeconfig, ...(kill && { kill }) });
  }

  async function cutOnce(scenario: Scenario, cut: Cut, expected: Record<string, unknown>): Promise<void> {
    const { namespace, folder } = await prepared(scenario);
    const kill = new AbortController();
    proxy.arm(cut, () => cut.how === 'kill' && kill.abort());
    const first = await run(scenario.args, folder, namespace, kill.signal);
    proxy.mend();
    // the last write gives the lock back: without that all is done
    if (cut.how === 'kill') expect(first.signal).toBe('SIGKILL');
    else expect([0, 1]).toContain(first.code);
    const again = await run(scenario.args, folder, namespace);
    const isGone = scenario.args[0] === 'destroy' && again.code === 3 && again.stderr.includes('is not deployed here');
    expect({ code: isGone ? 0 : again.code, stderr: again.stderr }).toEqual({ code: 0, stderr: expect.any(String) as string });
    expect(await liveState(at().plane.connect(), namespace)).toEqual(expected);
  }

  describe.each(scenarios)('$name', (scenario) => {
    it(
      'ends in the same state when it is run again, wherever it was cut',
      async () => {
        const { namespace, folder } = await prepared(scenario);
        proxy.arm({ atWrite: Infinity, when: 'after', how: 'kill' });
        expect(await run(scenario.args, folder, namespace)).toMatchObject({ code: 0 });
        const writes = proxy.writes;
        const expected = await liveState(at().plane.connect(), namespace);
        const cuts = Array.from({ length: writes }, (_, i) => i + 1).flatMap((atWrite) =>
          (['before', 'after'] as const).flatMap((when) => (['kill', 'connection'] as const).map((how): Cut => ({ atWrite, when, how }))),
        );
        const chosen = isFull ? cuts : spread(cuts, sample);
        for (const cut of chosen)
          await cutOnce(scenario, cut, expected).catch((error: unknown) => {
            throw new Error(`cut ${cut.when} write ${cut.atWrite} of ${writes} (${cut.how}): ${(error as Error).message}`, { cause: error });
          });
        console.log(`measured · ${scenario.name} · writes ${writes}, cuts ${chosen.length} of ${cuts.length}`);
      },
      isFull ? 3_600_000 : 180_000,
    );
  });
});

/** So many of a list, evenly from its whole length. */
function spread<Item>(list: readonly Item[], count: number): Item[] {
  return Array.from({ length: count }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / count)]!);
}
