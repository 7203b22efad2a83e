import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import { SynthRefused } from './refusal';

/**
 * The declaration of every service: each folder that has a `service.ts`, as the build wrote it down beside the service's bundle.
 *
 * @param folder - `services/`
 * @throws SynthRefused when a service was not built, its declaration's name isn't its folder's, or part of it is missing
 */
export function readDeclarations(folder: string): ServiceDeclaration[] {
  const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'service.ts')));
  const read = names.sort().map((name) => readDeclaration(folder, name));
  const faults = read.filter((one) => typeof one === 'string');
  if (faults.length > 0) throw new SynthRefused(faults);
  return read.filter((one) => typeof one !== 'string');
}

const members = [
  'port',
  'paths',
  'configuration',
  'peers',
  'store',
  'metrics',
  'resources',
  'scaling',
  'checks',
  'flows',
] as const satisfies (keyof ServiceDeclaration)[];

/** A declaration, or what is wrong with it. */
function readDeclaration(folder: string, name: string): ServiceDeclaration | string {
  const built = join(folder, name, 'dist', 'service.json');
  if (!existsSync(built)) return `services/${name}: it was not built: run npm run build`;
  const declaration = JSON.parse(readFileSync(built, 'utf8')) as ServiceDeclaration;
  if (declaration.name !== name)
    return `services/${name}/service.ts: it declares the name "${declaration.name}": a service is called what its folder is called`;
  const missing = members.filter((member) => declaration[member] === undefined);
  return missing.length === 0 ? declaration : `services/${name}/service.ts: it declares no ${missing.join(', no ')}: npm run typecheck says what each is`;
}
