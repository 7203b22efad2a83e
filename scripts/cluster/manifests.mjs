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
 * The same objects with other images. A Job can't be changed, so one that runs another image gets another name, as long as its own.
 *
 * @param {readonly object[]} objects
 * @param {Readonly<Record<string, string>>} images references by service
 * @throws {UsageError} when an image is none of its service, or is named for a service that nothing runs
 */
export function withImages(objects, images) {
  const deployed = new Map(objects.filter(({ kind }) => kind === 'Deployment').map((object) => [object.metadata.name, imagesOf([object])[0]]));
  const faults = Object.entries(images).flatMap(([service, image]) => imageFaults(service, image, deployed.get(service)));
  if (faults.length > 0) throw new UsageError(faults.join('; '));
  return objects.map((object) => {
    const copy = structuredClone(object);
    const names = [];
    for (const container of containersOf(copy)) {
      const image = images[serviceOf(container.image)];
      if (image !== undefined && container.image !== image) names.push((container.image = image));
    }
    if (copy.kind === 'Job' && names.length > 0) copy.metadata.name = anotherName(copy.metadata.name, names);
    return copy;
  });
}

function anotherName(name, images) {
  const hash = createHash('sha256')
    .update([name, ...images].join())
    .digest('hex');
  return name.replace(/[^-]+$/, (own) => hash.slice(0, own.length));
}

const registry = '(?:(?:[a-z0-9.-]+|\\[[0-9a-f:]+\\])(?::[0-9]+)?/)?(?:[a-z0-9._-]+/)*';
const digest = '@sha256:[0-9a-f]{64}';

/** What synth would say of the same image in cdk8s/released-images.json. */
function imageFaults(service, image, deployed) {
  if (deployed === undefined) return [`nothing here runs an image of ${service}: look for a misspelt name, or run npm run synth`];
  const example = `ghcr.io/OWNER/${service}:0.1.0@sha256:…`;
  if (!new RegExp(`^${registry}${service}(?!:latest$)(?=[:@])(?::\\w[\\w.-]{0,127})?(?:${digest})?$`).test(image))
    return [`"${image}" can't be deployed as ${service}: name an image of ${service} by a tag other than latest, or by digest, such as ${example}`];
  if (deployed.includes('@') && !new RegExp(`${digest}$`).test(image))
    return [`"${image}" has no digest, so it may be another one tomorrow: name it as ${example}, as npm run images -- --push prints it`];
  return [];
}

/** The services of which the manifests have no image yet, but a digest of zeros. */
export function unreleasedIn(objects) {
  const unreleased = imagesOf(objects).filter((image) => image.endsWith(`@sha256:${'0'.repeat(64)}`));
  return [...new Set(unreleased.map(serviceOf))].sort();
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
