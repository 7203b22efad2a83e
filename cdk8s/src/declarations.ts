import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import { declarationShape } from './declaration-shape';
import { SynthRefused } from './refusal';

/**
 * The declaration of every service: each folder that has a `service.ts`, as the build wrote it down beside the service's bundle.
 *
 * @param folder - `services/`
 * @throws SynthRefused when there is none, one was not built, its name isn't its folder's, or part of it is missing or of another kind
 */
export function readDeclarations(folder: string): ServiceDeclaration[] {
  const names = serviceFolders(folder);
  if (names.length === 0)
    throw new SynthRefused([`${folder}: there is no service in it, which is a folder with a service.ts: name the folder with the services`]);
  const read = names.map((name) => readDeclaration(folder, name));
  const faults = read.flatMap((one) => ('faults' in one ? one.faults : []));
  if (faults.length > 0) throw new SynthRefused(faults);
  return read.flatMap((one) => ('faults' in one ? [] : [one]));
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

/** A declaration, or what is wrong with it. */
function readDeclaration(folder: string, name: string): ServiceDeclaration | { readonly faults: readonly string[] } {
  const [here, file] = [`services/${name}`, `services/${name}/service.ts`];
  const built = join(folder, name, 'dist', 'service.json');
  const refused = (...faults: string[]) => ({ faults });
  // the build takes folders with a src/main.ts for services
  if (!existsSync(join(folder, name, 'src', 'main.ts')))
    return refused(`${here}: it has a service.ts and no src/main.ts, so it is never built: write one, as docs/add-a-service.md says, or remove the folder`);
  if (!existsSync(built)) return refused(`${here}: it was not built: run npm run build`);
  const found = parse(readFileSync(built, 'utf8'));
  if (found === undefined) return refused(`${here}/dist/service.json: it is broken: run npm run build`);
  const faults = declarationShape.faults('', found);
  if (faults.length > 0) return refused(...faults.map((fault) => `${file}: ${fault}`));
  const declaration = found as ServiceDeclaration;
  if (declaration.name !== name) return refused(`${file}: it declares the name "${declaration.name}": a service is called what its folder is called`);
  const newest = newestMigration(join(folder, name, 'src', 'repository', 'migrations'));
  if (newest !== undefined && parseInt(newest) !== declaration.store.schema)
    return refused(`${file}: store.schema is ${declaration.store.schema}, and the last migration is ${newest}: give its number`);
  return declaration;
}

/** The file with the highest number, as `0002-create-users.ts`. */
function newestMigration(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const migrations = readdirSync(folder).filter((file) => /^\d{4}-.*\.ts$/.test(file));
  return migrations.sort().at(-1);
}

/** What is in a text of JSON; nothing when there is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
