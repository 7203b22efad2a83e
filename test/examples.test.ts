import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { eventually } from '@berth/service-kit/testing/load-client';
import { startService } from '@berth/service-kit/testing/service-process';
import type { Manifest } from './manifests';

const repository = resolve(__dirname, '..');
const textOf = (path: string) => readFileSync(join(repository, path), 'utf8');
const promtool = spawnSync('promtool', ['--version'], { stdio: 'ignore' }).error === undefined;

describe('docs/examples/prometheus.yml', () => {
  (promtool ? it : it.skip)('is accepted with the rules that its own commands take out of the manifests of every service (skipped without promtool)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-prometheus-'));
    try {
      const config = textOf('docs/examples/prometheus.yml');
      const commands = [...config.matchAll(/^# {3}(for file in .+)$/gm)].map(([, command]) => command!);
      mkdirSync(join(folder, 'rules'));
      symlinkSync(join(repository, 'charts'), join(folder, 'charts'));
      const taken = spawnSync('sh', ['-ec', commands.join('\n')], { cwd: folder, encoding: 'utf8' });
      expect(taken).toMatchObject({ status: 0, stderr: '' });
      const rendered = globSync('charts/production/manifests/*/alerts.yaml', { cwd: repository }).sort();
      const rules = rendered.map((file) => (parse(textOf(file)) as Manifest).spec.groups[0]!.rules.length);
      for (const [environment, other] of [['production', 'staging'] as const, ['staging', 'production'] as const]) {
        const files = globSync(`rules/*-${environment}-*`, { cwd: folder }).map((file) => readFileSync(join(folder, file), 'utf8'));
        expect(files).toHaveLength(rendered.length);
        for (const text of files) expect(text.includes(`namespace="berth-${environment}"`) && !text.includes(`berth-${other}`)).toBe(true);
      }
      // Debian's promtool is built without Kubernetes
      const checked = config.replace('kubernetes_sd_configs:\n      - role: pod', 'static_configs:\n      - targets: []');
      expect(checked).not.toBe(config);
      writeFileSync(join(folder, 'prometheus.yml'), checked);
      const { stdout, status } = spawnSync('promtool', ['check', 'config', 'prometheus.yml'], { cwd: folder, encoding: 'utf8' });
      expect([...stdout.matchAll(/SUCCESS: (\d+) rules? found/g)].map(([, count]) => Number(count))).toEqual([...rules, ...rules]);
      expect(status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('gives each series the labels that alerts and dashboards select by', () => {
    const [{ relabel_configs }] = (parse(textOf('docs/examples/prometheus.yml')) as Prometheus).scrape_configs;
    expect(relabel_configs).toEqual(
      expect.arrayContaining([
        { source_labels: ['__meta_kubernetes_pod_label_app_kubernetes_io_name'], target_label: 'job' },
        { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
      ]),
    );
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

interface Prometheus {
  readonly scrape_configs: readonly [{ readonly relabel_configs: readonly object[] }];
}
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
