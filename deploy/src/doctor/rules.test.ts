import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rules } from './rules';

const names = rules.map(({ name }) => name);
const page = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'doctor.md'), 'utf8');
const parts = new Map([...page.matchAll(/^### (\S+)\n([^]*?)(?=^##|$(?![^]))/gm)].map(([, name, text]) => [name!, text!]));

it('each rule has its own name, its own file, and its part of docs/doctor.md; and each part and file is a rule’s', () => {
  expect(new Set(names).size).toBe(names.length);
  expect([...parts.keys()].sort()).toEqual([...names].sort());
  const files = readdirSync(join(__dirname, 'rules')).map((file) => file.replace('.ts', ''));
  expect(files.sort()).toEqual([...names].sort());
});

it.each(names)('%s is described: what it means, how it is seen by hand, and the cure', (name) => {
  expect(parts.get(name)).toMatch(/^\n\S.{40,}[^]*```sh\n[^`]+```\n\n\*\*Cure:\*\* \S.{10,}/);
});
