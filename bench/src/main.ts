import { writeFileSync } from 'node:fs';
import { berthSpeed } from './berth';
import { describeBusyness, describeMachine } from './machine';
import { calibration } from './calibration';
import { memory } from './memory';
import { orders } from './orders';
import { places } from './places';
import { renderSection, summaryTable } from './report';
import { type Section, skippedSection } from './section';
import { readSettings, type Settings } from './settings';
import { startUp } from './start-up';
import { synthSpeed } from './synth';
import { usersOnPostgres } from './users-on-postgres';
import { usersOnSqlite } from './users-on-sqlite';

const parts: Readonly<Record<string, (settings: Settings) => Promise<Section[]>>> = {
  calibration,
  'users-sqlite': usersOnSqlite,
  'users-postgres': usersOnPostgres,
  orders,
  memory,
  start: startUp,
  synth: synthSpeed,
  berth: berthSpeed,
};

/** Measures one part after the other; a part that fails says so and the others go on. */
async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2));
  const chosen = Object.entries(parts).filter(([name]) => settings.only.length === 0 || settings.only.includes(name));
  if (chosen.length === 0) throw new Error(`--only takes: ${Object.keys(parts).join(', ')}`);
  const busy = describeBusyness();
  const sections: Section[] = [];
  for (const [name, measure] of chosen) {
    const done = await measure(settings).catch((error: Error) => [skippedSection(name, `failed: ${error.message}`)]);
    for (const section of done) console.log(`${renderSection(section)}\n`);
    sections.push(...done);
  }
  const machine = [...(await describeMachine()), busy];
  const summary = summaryTable(sections);
  console.log(`### Targets\n\n${summary}\n\n${machine.join('\n')}`);
  if (settings.write) writeFileSync(places.results(settings.only), results(sections, summary, machine, settings));
}

function results(sections: readonly Section[], summary: string, machine: readonly string[], { quick, only }: Settings): string {
  const flags = [quick ? ' --quick' : '', ...only.map((name) => ` --only ${name}`)].join('');
  return `# Results

Written by \`npm run bench -- --write${flags}\` on ${new Date().toISOString().slice(0, 10)}. [README](README.md) says how it measures and what each server is.

${machine.map((line) => `- ${line}`).join('\n')}

## Targets

A figure that misses its target by 10 % at most is "met within noise": that is what two runs differ by.

${summary}

## Figures

${sections.map(renderSection).join('\n\n')}
`;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
