import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { eventually } from '@berth/service-kit/testing/load-client';
import { startService } from '@berth/service-kit/testing/service-process';

const repository = resolve(__dirname, '..');
const textOf = (path: string) => readFileSync(join(repository, path), 'utf8');
const promtool = spawnSync('promtool', ['--version'], { stdio: 'ignore' }).error === undefined;

describe('docs/examples/prometheus.yml', () => {
  (promtool ? it : it.skip)('is accepted with the rules that its own command takes out of the manifests (skipped without promtool)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-prometheus-'));
    try {
      const config = textOf('docs/examples/prometheus.yml');
      const command = /^# {3}(for service in .+)$/m.exec(config)![1]!;
      mkdirSync(join(folder, 'rules'));
      const taken = spawnSync('sh', ['-ec', command.replaceAll('charts/', `${repository}/charts/`)], { cwd: folder, encoding: 'utf8' });
      expect(taken).toMatchObject({ status: 0, stderr: '' });
      // Debian's promtool is built without Kubernetes
      const checked = config.replace('kubernetes_sd_configs:\n      - role: pod', 'static_configs:\n      - targets: []');
      expect(checked).not.toBe(config);
      writeFileSync(join(folder, 'prometheus.yml'), checked);
      const { stdout, status } = spawnSync('promtool', ['check', 'config', 'prometheus.yml'], { cwd: folder, encoding: 'utf8' });
      expect([...stdout.matchAll(/SUCCESS: (\d+) rule/g)].map(([, count]) => count)).toEqual(['2', '8', '6']);
      expect(status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('reads the annotations and labels that the pods carry', () => {
    const { template } = (parse(textOf('charts/local/manifests/order-service/deployment.yaml')) as Deployment).spec;
    const carried = [
      ...Object.keys(template.metadata.annotations).map((name) => `pod_annotation_${name}`),
      ...Object.keys(template.metadata.labels).map((name) => `pod_label_${name}`),
    ].map((name) => `__meta_kubernetes_${name.replaceAll(/[^A-Za-z0-9]/g, '_')}`);
    const read = [...textOf('docs/examples/prometheus.yml').matchAll(/__meta_kubernetes_pod_(?:annotation|label)_\w+/g)].map(([name]) => name);
    expect(read.length).toBe(5);
    expect(read.filter((name) => !carried.includes(name))).toEqual([]);
  });
});

interface Deployment {
  readonly spec: { readonly template: { readonly metadata: { readonly annotations: Record<string, string>; readonly labels: Record<string, string> } } };
}

describe('docs/examples/filebeat.yaml', () => {
  const objects = parseAllDocuments(textOf('docs/examples/filebeat.yaml')).map((document) => document.toJS() as { kind: string; data: Record<string, string> });
  const config = parse(objects.find(({ kind }) => kind === 'ConfigMap')!.data['filebeat.yml']!) as Filebeat;
  const conditional = config['filebeat.inputs'][0].processors.find((processor) => processor.if !== undefined)!;
  const renamed = conditional.then!.flatMap(({ rename }) => rename?.fields ?? []);

  it('knows every member of a request’s line, as a service really writes it', async () => {
    const service = await startService('user-service');
    try {
      await fetch(`${service.url}/api/v1/users/1`);
      const request = () => service.logs.find(({ msg }) => msg === 'request');
      await eventually('the request is logged', 5_000, () => Promise.resolve(request() !== undefined));
      const line = request()!;
      expect(new Date(String(line['time'])).toISOString()).toBe(line['time']);
      const known = [...renamed.map(({ from }) => from.replace('berth.', '')), 'time'];
      expect(Object.keys(line).filter((member) => !known.includes(member))).toEqual(['route', 'duration_ms']);
      expect(known.filter((member) => !(member in line) && !member.startsWith('err.'))).toEqual([]);
    } finally {
      await service.stop();
    }
  });

  it('gives no two members one name', () => expect(new Set(renamed.map(({ to }) => to)).size).toBe(renamed.length));
});

interface Filebeat {
  readonly 'filebeat.inputs': readonly [{ readonly processors: readonly Processor[] }];
}
interface Processor {
  readonly if?: object;
  readonly then?: readonly { readonly rename?: { readonly fields: readonly { readonly from: string; readonly to: string }[] } }[];
}
