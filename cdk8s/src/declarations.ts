import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import { SynthRefused } from './refusal';

/**
 * The declaration of every service: each folder that has a `service.ts`, as the build wrote it down beside the service's bundle.
 *
 * @param folder - `services/`
 * @throws SynthRefused when there is none, one was not built, its name isn't its folder's, or part of it is missing
 */
export function readDeclarations(folder: string): ServiceDeclaration[] {
  const names = serviceFolders(folder);
  if (names.length === 0)
    throw new SynthRefused([`${folder}: there is no service in it, which is a folder with a service.ts: name the folder with the services`]);
  const read = names.map((name) => readDeclaration(folder, name));
  const faults = read.filter((one) => typeof one === 'string');
  if (faults.length > 0) throw new SynthRefused(faults);
  return read.filter((one) => typeof one !== 'string');
}

function serviceFolders(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => existsSync(join(folder, name, 'service.ts')))
      .sort();
  } catch (error) {
    throw new SynthRefused([`${folder}: it can't be read (${(error as NodeJS.ErrnoException).code}): name the folder with the services`]);
  }
}

/** The members that synth reads, and what JSON has of each. */
const members = {
  port: 'number',
  paths: 'list',
  configuration: 'object',
  peers: 'list',
  store: 'object',
  metrics: 'list',
  resources: 'object',
  scaling: 'object',
  checks: 'list',
  flows: 'list',
} as const satisfies Partial<Record<keyof ServiceDeclaration, string>>;

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'list' : value === null ? 'nothing' : typeof value;
}

/** A declaration, or what is wrong with it. */
function readDeclaration(folder: string, name: string): ServiceDeclaration | string {
  const built = join(folder, name, 'dist', 'service.json');
  // the build takes folders with a src/main.ts for services
  if (!existsSync(join(folder, name, 'src', 'main.ts')))
    return `services/${name}: it has a service.ts and no src/main.ts, so it is never built: write one, as docs/add-a-service.md says, or remove the folder`;
  if (!existsSync(built)) return `services/${name}: it was not built: run npm run build`;
  const declaration = parse(readFileSync(built, 'utf8'));
  if (declaration === undefined) return `services/${name}/dist/service.json: it is broken: run npm run build`;
  if (declaration.name !== name)
    return `services/${name}/service.ts: it declares the name "${declaration.name}": a service is called what its folder is called`;
  const missing = Object.keys(members).filter((member) => declaration[member as keyof typeof members] === undefined);
  if (missing.length > 0) return `services/${name}/service.ts: it declares no ${missing.join(', no ')}: npm run typecheck says what each is`;
  const wrong = Object.entries(members).filter(([member, kind]) => kindOf(declaration[member as keyof typeof members]) !== kind);
  if (wrong.length > 0)
    return `services/${name}/service.ts: ${wrong.map(([member, kind]) => `${member} is no ${kind}`).join(', ')}: npm run typecheck says what each is`;
  return declaration;
}

/** The object in a text of JSON; nothing when there is none. */
function parse(text: string): ServiceDeclaration | undefined {
  try {
    const found: unknown = JSON.parse(text);
    return kindOf(found) === 'object' ? (found as ServiceDeclaration) : undefined;
  } catch {
    return undefined;
  }
}
