import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { has, renderedFolder, run } from './tools';

interface Waiver {
  readonly check: string;
  readonly reason: string;
  readonly where: readonly string[];
  /** About PostgreSQL, not about our services. */
  readonly database?: boolean;
}
interface Scored {
  readonly object_name: string;
  readonly type_meta: { readonly kind: string };
  readonly object_meta: { readonly name: string; readonly labels?: Record<string, string> };
  readonly checks: readonly { readonly check: { readonly id: string }; readonly grade: number; readonly skipped: boolean }[];
}

const waivers = JSON.parse(readFileSync(join(__dirname, '..', 'kube-score-waivers.json'), 'utf8')) as readonly Waiver[];
/** kube-score's grade of a check without a finding. */
const perfect = 10;
const installed = has('kube-score');
const suite = installed ? describe : describe.skip;
if (!installed) console.warn('kube-score is not on the PATH: its checks are skipped; go install github.com/zegl/kube-score/cmd/kube-score@v1.20.0');

suite('kube-score, with every optional check,', () => {
  const folder = renderedFolder();
  afterAll(() => folder.remove());

  const findings = (environment: string) => {
    const files = globSync(['namespace.yaml', 'manifests/**/*.yaml'], { cwd: join(folder.path, environment) }).sort();
    const args = ['score', '--all-default-optional', '--kubernetes-version', 'v1.34', '--output-format', 'json'];
    const scored = JSON.parse(run('kube-score', [...args, ...files.map((file) => join(folder.path, environment, file))], { expected: [0, 1] })) as Scored[];
    expect(scored.length).toBeGreaterThan(10);
    return scored.flatMap(({ checks, type_meta, object_meta }) =>
      checks
        .filter(({ grade, skipped }) => !skipped && grade < perfect)
        .map(({ check }) => ({ check: check.id, object: `${type_meta.kind}/${object_meta.name}` })),
    );
  };

  it.each(['local', 'staging', 'production'])('finds in %s only what is waived, and every waiver is needed', (environment) => {
    const here = waivers.filter(({ where }) => where.includes(environment));
    const found = findings(environment);
    expect(found.filter(({ check }) => !here.some((waiver) => waiver.check === check))).toEqual([]);
    expect(here.filter(({ check }) => !found.some((finding) => finding.check === check))).toEqual([]);
  });
});

it('few findings are waived, each with its reason', () => {
  const count = (environment: string) => waivers.filter(({ where, database }) => where.includes(environment) && database !== true).length;
  expect(count('production')).toBeLessThanOrEqual(4);
  expect(count('local')).toBeLessThanOrEqual(8);
  for (const { reason } of waivers) expect(reason).toMatch(/\w+ \w+/);
});
