import { join } from 'node:path';
import { imageMemorySettings } from '../../services/service-kit/testing/image-memory-settings';
import { places } from './places';
import type { Program } from './servers';

/** A control, on a SQLite file of its own or on the database of this URL. */
export function control(name: string, file: string, databaseUrl?: string): Program {
  const store = databaseUrl === undefined ? { SHOP_DB_PATH: places.file(`${file}.db`) } : { DATABASE_URL: databaseUrl };
  return { name, command: [process.execPath, join(places.programs, `${file}.control.js`)], env: { NODE_ENV: 'production', ...store } };
}

/** A service as the build makes it, with everything on and its defaults. */
export function service(name: string, env: Readonly<Record<string, string>>, label = name): Program {
  return serviceProgram(label, join(places.root, 'services', name, 'dist', 'main.js'), env);
}

/** An entry of this benchmark that is made of a service's parts. */
export function subject(label: string, file: string, env: Readonly<Record<string, string>>): Program {
  return serviceProgram(label, join(places.programs, `${file}.subject.js`), env);
}

function serviceProgram(name: string, main: string, env: Readonly<Record<string, string>>): Program {
  return {
    name,
    command: [process.execPath, main],
    env: { NODE_ENV: 'production', ...imageMemorySettings(places.root), ...env },
    readyPath: '/health/ready',
  };
}
