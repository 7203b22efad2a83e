// Is what lies in node_modules what package-lock.json says? Runs on any Node from 18 on, with no package.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, serviceNames, servicePaths, programBundles } from './services.mjs';

/** The project's own Node, a development dependency, so that the machine's may be older. */
export const ownNode = join(root, 'node_modules', '.bin', 'node');

/**
 * Compares package-lock.json with the list of what npm installed.
 * @returns {string | undefined} why the installation is not the lockfile's, or undefined when it is
 */
export function installationFault() {
  const wanted = lockedPackages('package-lock.json');
  if (wanted === undefined) throw new Error('package-lock.json is missing or broken: restore it with git checkout package-lock.json');
  // npm writes this list last, so an interrupted installation has none
  const installed = lockedPackages(join('node_modules', '.package-lock.json'));
  if (installed === undefined) return 'nothing is installed yet';
  const wrong = Object.keys(wanted).find((path) => path !== '' && isWrong(path, wanted[path], installed[path]));
  return wrong && `${wrong.replace(/^.*node_modules\//, '')} is not the locked version`;
}

function isWrong(path, wanted, installed) {
  // packages for other systems are in the lockfile and not on the disk
  if (installed === undefined) return !(wanted.optional || wanted.devOptional);
  return wanted.version !== installed.version || wanted.integrity !== installed.integrity || !existsSync(join(root, path));
}

function lockedPackages(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * The package `node` fetches its binary in a preinstall script; npm's --ignore-scripts leaves a dead link.
 * @returns {boolean} whether the project's own Node starts and is the locked version
 */
export function ownNodeWorks() {
  const locked = lockedPackages('package-lock.json')?.['node_modules/node']?.version;
  return spawnSync(ownNode, ['--version'], { encoding: 'utf8' }).stdout?.trim() === `v${locked}`;
}

/** @returns {boolean} whether a bundle is missing or older than something it is made of */
export function buildIsStale() {
  const bundles = [...serviceNames().flatMap((name) => [servicePaths(name).bundle, servicePaths(name).built]), ...Object.values(programBundles)];
  if (bundles.some((file) => !existsSync(file))) return true;
  const oldest = Math.min(...bundles.map((file) => statSync(file).mtimeMs));
  const inputs = ['scripts/build.mjs', 'scripts/services.mjs', 'tsconfig.json', 'package-lock.json', 'services', 'cdk8s', 'deploy'];
  return inputs.some((path) => newest(join(root, path)) > oldest);
}

// A folder's own time tells of files that were removed or renamed
function newest(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  const entries = readdirSync(path, { withFileTypes: true }).filter(({ name }) => !notSources.has(name));
  const own = path === join(root, 'services') || entries.some(({ name }) => name === 'package.json') ? 0 : found.mtimeMs;
  return Math.max(own, ...entries.map(({ name }) => newest(join(path, name))));
}

const notSources = new Set(['node_modules', 'dist', 'data', 'test', 'testing', 'coverage']);
