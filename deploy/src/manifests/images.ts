import { readFileSync } from 'node:fs';
import { faultList, UsageError } from '../exit-codes';
import { isObject } from './json';
import type { KubernetesObject } from './kubernetes-object';
import { containersOf, podSpecOf } from './pod-spec';
import type { Manifest } from './read-manifests';

/** Images to put in, by the last part of the repository that they replace: `{"user-service": "registry.example/user-service:1.2.3"}`. */
export type Images = Readonly<Record<string, string>>;

/** @throws UsageError when the file is no JSON object of texts */
export function readImages(file: string): Images {
  const example = '{"user-service": "registry.example/user-service:1.2.3@sha256:…"}';
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file} can't be read as images: it must be a JSON object such as ${example}`, { cause: error });
  }
  if (isObject(value) && Object.values(value).every((image) => typeof image === 'string')) return value as Images;
  throw new UsageError(`${file} must be a JSON object of image references by name, such as ${example}`);
}

/** A digest that stands for an image which is yet to be released: what writes manifests puts it where there is none. */
const unreleased = /@sha256:0{64}$/;

/** https://github.com/distribution/reference/blob/main/regexp.go, a tag or a digest required */
const reference = /^(?:(?:[a-zA-Z0-9.-]+|\[[0-9a-f:]+\])(?::\d+)?\/)?(?:[a-z0-9._-]+\/)*[a-z0-9._-]+(?=[:@])(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

/**
 * The same manifests with other images, for one deployment.
 *
 * @throws UsageError when an image is none or says nothing of a version, a name is of no image, a digest is replaced by a tag, or one that was never
 * released is left
 */
export function withImages(manifests: readonly Manifest[], images: Images): Manifest[] {
  const replaced = manifests.map((manifest) => ({ ...manifest, object: withImagesOf(manifest.object, images) }));
  const faults = [...Object.entries(images).flatMap(([name, image]) => imageFaults(name, image, manifests)), ...missing(replaced)];
  if (faults.length > 0) throw new UsageError(faultList(`${faults.length} images can't be deployed`, faults));
  return replaced;
}

function imageFaults(name: string, image: string, manifests: readonly Manifest[]): string[] {
  const used = manifests.flatMap(({ object }) => imagesOf(object).map((container) => container.image)).filter((found) => nameOf(found) === name);
  if (used.length === 0) return [`nothing here runs an image called "${name}": look for a misspelt name`];
  if (!reference.test(image) || /:latest$/.test(image))
    return [`"${image}" can't be deployed as ${name}: name an image by a tag other than latest, or by digest`];
  if (nameOf(image) !== name && manifests.some(({ object }) => imagesOf(object).some((container) => nameOf(container.image) === nameOf(image))))
    return [`"${image}" is no image of ${name} but of ${nameOf(image)}, which runs here too: look for two that were mixed up`];
  if (used.some((found) => found.includes('@')) && !image.includes('@'))
    return [`"${image}" has no digest, and what it replaces has one: it may be another image tomorrow`];
  return [];
}

function missing(manifests: readonly Manifest[]): string[] {
  const found = manifests.flatMap(({ object }) => imagesOf(object).map(({ image }) => image)).filter((image) => unreleased.test(image));
  return [...new Set(found.map(nameOf))].map((name) => `${name} was never released, so it has no image yet: name one with --images`);
}

function imagesOf(object: KubernetesObject): readonly { readonly image: string }[] {
  return containersOf(podSpecOf(object)).filter((container): container is typeof container & { image: string } => typeof container.image === 'string');
}

function withImagesOf(object: KubernetesObject, images: Images): KubernetesObject {
  if (!imagesOf(object).some(({ image }) => Object.hasOwn(images, nameOf(image)))) return object;
  const copy = structuredClone(object);
  for (const container of imagesOf(copy) as { image: string }[]) {
    const name = nameOf(container.image);
    if (Object.hasOwn(images, name)) container.image = images[name]!;
  }
  return copy;
}

/** The last part of an image's repository: `user-service` of `ghcr.io/owner/user-service:1.2.3`. */
function nameOf(image: string): string {
  return image.replace(/@.*$/, '').split('/').at(-1)!.replace(/:.*$/, '');
}
