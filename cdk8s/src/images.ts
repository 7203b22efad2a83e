import { readFileSync } from 'node:fs';
import type { Environment } from './environment';
import { SynthRefused } from './refusal';

/** Image references with digest, by service: what was released. */
export type ReleasedImageReferences = Readonly<Record<string, string>>;

/** Reads `released-images.json`. @throws SynthRefused when it is no object of strings */
export function readReleasedImages(path: string): ReleasedImageReferences {
  const found = parse(readFileSync(path, 'utf8'));
  if (typeof found !== 'object' || found === null || !Object.values(found).every((value) => typeof value === 'string'))
    throw new SynthRefused([
      `${path}: it must be a JSON object of image references by service, such as {"user-service": "ghcr.io/OWNER/user-service:0.1.0@sha256:…"}`,
    ]);
  return found as ReleasedImageReferences;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The digest of nothing: the service was not released yet, and whoever deploys it names an image. */
const notReleased = `@sha256:${'0'.repeat(64)}`;

/** A service's image in an environment. */
export function imageOf(service: string, { images }: Environment, released: ReleasedImageReferences): string {
  switch (images.kind) {
    case 'built':
      return `${service}:${images.tag}`;
    case 'tagged':
      return `${images.registry}/${service}:${images.tag}`;
    case 'released':
      return released[service] ?? `${images.registry}/${service}${notReleased}`;
  }
}

/** Whether an image stands for one that is yet to be released. */
export function isReleased(image: string): boolean {
  return !image.endsWith(notReleased);
}

const digest = /^[^@\s]+@sha256:[0-9a-f]{64}$/;

/** What is wrong with a service's image. */
export function imageFaults(image: string, { images, name }: Environment): string[] {
  if (images.kind === 'released')
    return digest.test(image)
      ? []
      : [`the image ${image} has no digest, so it may be another one tomorrow: name it as …@sha256:… in cdk8s/released-images.json`];
  if (images.tag === 'latest' || images.tag === '')
    return [`the image tag "${images.tag}" says nothing about what runs, and a rollback would find the same image: give ${name} a version as its tag`];
  return [];
}
