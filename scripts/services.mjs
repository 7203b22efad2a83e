// What a service is to the scripts: a folder of services/ that has a src/main.ts. Nothing else lists the services.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Every service's folder name, sorted.
 * @returns {string[]}
 */
export function serviceNames() {
  const services = join(root, 'services');
  return readdirSync(services)
    .filter((name) => existsSync(join(services, name, 'src', 'main.ts')))
    .sort();
}

/**
 * Where a service's parts lie.
 * @param {string} name the service's folder name
 */
export function servicePaths(name) {
  const folder = join(root, 'services', name);
  const dist = join(folder, 'dist');
  return {
    folder,
    main: join(folder, 'src', 'main.ts'),
    declaration: join(folder, 'service.ts'),
    dist,
    bundle: join(dist, 'main.js'),
    built: join(dist, 'service.json'),
  };
}

/**
 * A service's declaration (its service.ts) as the build wrote it down.
 * @param {string} name the service's folder name
 * @throws {Error} when the service was not built yet
 */
export function builtDeclaration(name) {
  return JSON.parse(readFileSync(servicePaths(name).built, 'utf8'));
}

/** The programs that don't run in a pod: source and bundle of each part. */
export const programBundles = {
  [join(root, 'cdk8s', 'src', 'main.ts')]: join(root, 'cdk8s', 'dist', 'main.js'),
  [join(root, 'cdk8s', 'src', 'secrets-main.ts')]: join(root, 'cdk8s', 'dist', 'secrets-main.js'),
  [join(root, 'deploy', 'src', 'main.ts')]: join(root, 'deploy', 'dist', 'main.js'),
  [join(root, 'deploy', 'src', 'cluster', 'client-node.ts')]: join(root, 'deploy', 'dist', 'client-node.js'),
};
