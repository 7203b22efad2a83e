import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { manifestsOf, type Rule } from './manifests';

const repository = resolve(__dirname, '..');
const folder = join(repository, 'docs', 'runbooks');
const pages = globSync('*.md', { cwd: folder }).filter((page) => page !== 'README.md');
const textOf = (page: string) => readFileSync(join(folder, page), 'utf8');
const rules = manifestsOf('production')
  .filter(({ kind }) => kind === 'PrometheusRule')
  .flatMap(({ spec }) => spec.groups.flatMap((group) => group.rules));
const pageOf = ({ annotations }: Rule) => annotations['runbook_url']!.split('/').at(-1)!;

it('every alert leads to its page, and every page is an alert’s', () => {
  expect(rules.length).toBeGreaterThan(10);
  for (const { annotations } of rules) expect(annotations['runbook_url']).toMatch(/^https:\/\/[^ ]+\/docs\/runbooks\/[a-z-]+\.md$/);
  expect([...new Set(rules.map(pageOf))].sort()).toEqual(pages.sort());
  for (const rule of rules) expect(textOf(pageOf(rule))).toMatch(new RegExp(`^# ${rule.alert}\n`));
});

it.each(pages)('%s says what it means, what users see, how to look, mend, and know that it is over, with commands', (page) => {
  const text = textOf(page);
  const sections = [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
  expect(sections).toEqual(['What it means', 'What users see', 'How to look', 'How to mend', 'How to know it is over']);
  expect(text).toMatch(/```sh\n[^`]*kubectl /);
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain(`(${page})`);
});

it('every link between the pages leads somewhere', () => {
  const documents = [...globSync('docs/**/*.md', { cwd: repository }), 'README.md'];
  const dead = documents.flatMap((document) => {
    const links = [...readFileSync(join(repository, document), 'utf8').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
    return links.filter((link) => !/^(https?|mailto):/.test(link) && !leadsSomewhere(document, link)).map((link) => `${document}: ${link}`);
  });
  expect(dead).toEqual([]);
});

function leadsSomewhere(document: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? join(repository, document) : join(repository, dirname(document), path);
  if (!existsSync(target)) return false;
  if (anchor === undefined || !target.endsWith('.md')) return true;
  const headings = [...readFileSync(target, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title]) => anchorOf(title!));
  return headings.includes(anchor);
}

/** GitHub's rule: lower case, punctuation left out, spaces as dashes. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}
