import { readdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { environmentNameFaults } from './charts/environment-faults';
import type { Files } from './charts/folder';
import { readCommandLine, runCommand, UsageError } from './command-line';
import { readDeclarations } from './declarations';
import type { Environment } from './environment';
import { environments } from './environments';
import { imageOf, isReleased, readReleasedImages } from './images';
import { type Drift, driftOf, isEnvironments, writeFolder } from './output/folder-writer';
import { SynthRefused } from './refusal';
import { synthesize } from './synth';

const usage = `npm run synth -- [ENVIRONMENT...] [--check]

Writes charts/<environment>/ from services/*/service.ts and cdk8s/src/environments.ts; without a name for every environment.
  --check            write nothing; fail where a file is not what would be written
  --services FOLDER  read the services from here (services)
  --out FOLDER       write here (charts)`;

const root = join(__dirname, '..', '..');

function main(): void {
  const { positionals, values } = readArguments();
  if (values.help) return void console.log(usage);
  const nameFaults = environmentNameFaults(environments);
  if (nameFaults.length > 0) throw new SynthRefused(nameFaults);
  const chosen = chooseEnvironments(positionals);
  const declarations = readDeclarations(values.services);
  const released = readReleasedImages(
    join(root, 'cdk8s', 'released-images.json'),
    declarations.map(({ name }) => name),
  );
  const folders = new Map<string, Files>();
  const faults: string[] = [];
  for (const environment of chosen) {
    try {
      folders.set(environment.name, synthesize({ environment, declarations, released }));
    } catch (error) {
      if (!(error instanceof SynthRefused)) throw error;
      faults.push(...error.faults);
    }
  }
  if (faults.length > 0) throw new SynthRefused(faults);
  if (positionals.length === 0) for (const name of leftFolders(values.out)) folders.set(name, new Map());
  report(folders, values.out, values.check);
  for (const environment of chosen) {
    const waiting = declarations.filter(({ name }) => !isReleased(imageOf(name, environment, released))).map(({ name }) => name);
    if (waiting.length > 0) console.log(`${environment.name}: not released yet, so without a real digest in cdk8s/released-images.json: ${waiting.join(', ')}`);
  }
}

function readArguments() {
  const options = {
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    services: { type: 'string', default: join(root, 'services') },
    // the cdk8s CLI says by this variable where it looks for manifests
    out: { type: 'string', default: nonEmpty(process.env['CDK8S_OUTDIR']) ?? join(root, 'charts') },
  } as const;
  const read = readCommandLine(usage, () => parseArgs({ options, allowPositionals: true }));
  if (read.values.out === '') throw new UsageError('--out names no folder: name one, or leave it out to write to charts');
  return read;
}

/** An empty value counts as unset, as it does in a service. */
function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function chooseEnvironments(names: readonly string[]): readonly Environment[] {
  const known = environments.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new UsageError(`there is no environment ${unknown.map((name) => `"${name}"`).join(', ')}: choose from ${known.join(', ')}`);
  return names.length === 0 ? environments : environments.filter(({ name }) => names.includes(name));
}

/** Folders of environments that are no more: all others are somebody else's, whatever lies in them. */
function leftFolders(out: string): string[] {
  const known = environments.map(({ name }) => name);
  try {
    const folders = readdirSync(out, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !known.includes(entry.name));
    return folders.map(({ name }) => name).filter((name) => isEnvironments(join(out, name)));
  } catch {
    return [];
  }
}

function report(folders: ReadonlyMap<string, Files>, out: string, check: boolean): void {
  let drifted = false;
  for (const [name, files] of folders) {
    const drift = compareOrWrite(join(out, name), files, check);
    for (const line of linesOf(drift, check)) console.error(`charts/${name}/${line}`);
    drifted ||= drift.missing.length + drift.changed.length + drift.stale.length + drift.foreign.length > 0;
    console.log(`${name}: ${files.size} files${check ? '' : `, ${drift.missing.length + drift.changed.length} written, ${drift.stale.length} removed`}`);
  }
  if (check && drifted) {
    console.error('charts/ is not what the declarations and environments say: run npm run synth and commit it');
    process.exitCode = 1;
  }
}

/** @throws UsageError when the folder can't be read or written */
function compareOrWrite(folder: string, files: Files, check: boolean): Drift {
  try {
    return check ? driftOf(folder, files) : writeFolder(folder, files);
  } catch (error) {
    throw new UsageError(`${folder} can't be ${check ? 'read' : 'written'}: ${(error as Error).message}: name another folder with --out, or mend this one`);
  }
}

function linesOf({ missing, changed, stale, foreign }: Drift, check: boolean): string[] {
  const drift = [
    ...missing.map((path) => `${path} is missing`),
    ...changed.map((path) => `${path} differs`),
    ...stale.map((path) => `${path} is made no more`),
  ];
  return [...(check ? drift : []), ...foreign.map((path) => `${path} was not written by synth: put it elsewhere, this folder is generated`)];
}

enableCompileCache(join(__dirname, '.compile-cache'));
runCommand('synth', main);
