// The manifests of charts/<environment>/ as objects, and the same with other images.
import { createHash } from 'node:crypto';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { root } from '../services.mjs';
import { UsageError } from './kubectl.mjs';

/** An environment's objects, its Namespace first. @throws {UsageError} when there is no such environment */
export function manifestsOf(environment) {
  const charts = join(root, 'charts');
  const known = readdirSync(charts);
  if (!known.includes(environment)) throw new UsageError(`there is no environment "${environment}": choose from ${known.join(', ')}`);
  const folder = join(charts, environment);
  const files = ['namespace.yaml', ...globSync('manifests/**/*.yaml', { cwd: folder }).sort()];
  return files.flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => document.toJS()));
}

/**
 * The same objects with other images. A Job can't be changed, so one that runs another image gets another name.
 *
 * @param {readonly object[]} objects
 * @param {Readonly<Record<string, string>>} images references by service
 * @throws {UsageError} when an image is named for a service that nothing runs
 */
export function withImages(objects, images) {
  const used = new Set();
  const changed = objects.map((object) => {
    const copy = structuredClone(object);
    const names = [];
    for (const container of containersOf(copy)) {
      const service = serviceOf(container.image);
      if (images[service] === undefined) continue;
      used.add(service);
      if (container.image !== images[service]) names.push((container.image = images[service]));
    }
    if (copy.kind === 'Job' && names.length > 0) copy.metadata.name += `-${createHash('sha256').update(names.join()).digest('hex').slice(0, 8)}`;
    return copy;
  });
  const unused = Object.keys(images).filter((service) => !used.has(service));
  if (unused.length > 0) throw new UsageError(`nothing here runs an image of ${unused.join(', ')}: look for a misspelt name, or run npm run synth`);
  return changed;
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

/** The names of the Secrets that the pods of these objects read. */
export function secretNames(objects) {
  const names = objects.flatMap(({ spec }) =>
    (spec?.template?.spec?.volumes ?? []).flatMap(({ secret }) => (secret && !secret.optional ? [secret.secretName] : [])),
  );
  return [...new Set(names)].sort();
}
