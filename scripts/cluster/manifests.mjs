// The manifests of charts/<environment>/ as objects.
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { root } from '../services.mjs';
import { UsageError } from './script.mjs';

/** An environment's objects, its Namespace first. @throws {UsageError} when there is no such environment */
export function manifestsOf(environment) {
  const charts = join(root, 'charts');
  const known = readdirSync(charts);
  if (!known.includes(environment)) throw new UsageError(`there is no environment "${environment}": choose from ${known.join(', ')}`);
  const folder = join(charts, environment);
  const files = ['namespace.yaml', ...globSync('manifests/**/*.yaml', { cwd: folder }).sort()];
  return files.flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => document.toJS()));
}

function containersOf({ spec }) {
  const pod = spec?.template?.spec;
  return [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])];
}

/** The images that objects run. */
export function imagesOf(objects) {
  return objects.flatMap((object) => containersOf(object).map(({ image }) => image));
}

/** Whose image it is: images are called what their service is called. */
export function serviceOf(image) {
  return image.replace(/@.*$/, '').split('/').at(-1).replace(/:.*$/, '');
}
