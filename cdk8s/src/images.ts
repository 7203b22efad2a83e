import { readFileSync } from 'node:fs';
import type { CloudNativePostgres, Environment, PostgresServer } from './environment';
import { SynthRefused } from './refusal';
import { integer } from './value-rules';

/** Image references with digest, by service: what was released. */
export type ReleasedImageReferences = Readonly<Record<string, string>>;

/**
 * Reads `released-images.json`.
 *
 * @param services - the names that it may know
 * @throws SynthRefused when it isn't there, is no object of texts, or names a service that there isn't
 */
export function readReleasedImages(path: string, services: readonly string[]): ReleasedImageReferences {
  const found = read(path);
  if (typeof found !== 'object' || found === null || Array.isArray(found) || !Object.values(found).every((value) => typeof value === 'string'))
    throw new SynthRefused([
      `${path}: it must be a JSON object of image references by service, such as {"user-service": "ghcr.io/OWNER/user-service:0.1.0@sha256:…"}, or {} before the first release`,
    ]);
  const unknown = Object.keys(found).filter((name) => !services.includes(name));
  if (unknown.length > 0) throw new SynthRefused(unknown.map((name) => `${path}: it names ${name}, which is no service: there are ${services.join(', ')}`));
  return found as ReleasedImageReferences;
}

/** What is in a file of JSON; nothing when it can't be read. */
function read(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
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

const hostWord = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const host = `(?:${hostWord}(?:\\.${hostWord})*|\\[[0-9a-f:]+\\])(?::(?<port>[0-9]+))?`;
const tagWord = '\\w[\\w.-]{0,127}';
const word = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';

/** The grammar of a reference, a host in lower case: https://github.com/distribution/reference/blob/main/reference.go */
const reference = new RegExp(`^(?<name>(?:${host}/)?${word}(?:/${word})*)(?::(?<tag>${tagWord}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$`);

/** Characters of an image's name, its registry included: `NameTotalLengthMax` in the same file. */
const longestImageName = 255;

const registryPort = integer(1, 65_535);

/** The parts of a reference, or what is wrong with it. */
function parsed(image: string): { readonly name: string; readonly tag?: string; readonly digest?: string } | string {
  const parts = reference.exec(image)?.groups as { name: string; port?: string; tag?: string; digest?: string } | undefined;
  if (parts === undefined) return `the image "${image}" is no image reference, such as "registry.example/user-service:0.1.0"`;
  if (parts.port !== undefined && !registryPort.holds(Number(parts.port))) return `the image "${image}" is at port ${parts.port}: there are 1 to 65535`;
  if (parts.name.length > longestImageName)
    return `the image "${image}" has a name of ${parts.name.length} characters: a registry takes ${longestImageName} at most`;
  return parts;
}

const tag = new RegExp(`^${tagWord}$`);

/** What is wrong with a service's image. */
export function imageFaults(service: string, image: string, { images, name }: Environment): string[] {
  if (images.kind !== 'released' && (images.tag === 'latest' || images.tag === ''))
    return [`the image tag "${images.tag}" says nothing about what runs, and a rollback would find the same image: give ${name} a version as its tag`];
  if (images.kind !== 'released' && !tag.test(images.tag))
    return [`the image tag "${images.tag}" is none: use up to 128 letters, digits, dots, dashes and underscores in images.tag`];
  // the registry waits for the next service where every one was released
  const yetToCome = images.kind === 'released' ? parsed(`${images.registry}/${service}`) : undefined;
  if (typeof yetToCome === 'string') return [`${yetToCome}: correct images.registry`];
  const found = parsed(image);
  if (typeof found === 'string') return [`${found}: correct ${places[images.kind]}`];
  const repository = found.name.split('/').at(-1);
  if (repository !== service)
    return [
      `the image ${image} is one of ${repository}: images are called what their service is called, so name one of ${service} in cdk8s/released-images.json`,
    ];
  if (images.kind === 'released' && found.digest === undefined)
    return [`the image ${image} has no digest, so it may be another one tomorrow: name it as …@sha256:… in cdk8s/released-images.json`];
  return [];
}

/** Where the parts of a service's image come from. */
const places = { built: 'images.tag', tagged: 'images.registry or images.tag', released: 'it in cdk8s/released-images.json' } as const;

/** PostgreSQL's version at the beginning of a tag, such as that of `17`, `17.6` or `18-bookworm`. */
const versionTag = /^(?<major>[1-9]\d)(\.\d+)?(-|$)/;

/** The major version that the services are tested on; older ones are not. */
const oldestMajor = 17;

/** Docker's official image, under its own name or copied with it: https://hub.docker.com/_/postgres */
const officialName = /^((index\.)?docker\.io\/)?postgres$|(^|\/)library\/postgres$/;

/** Names of images with the users and folders of others. */
const strangersOf = { 'postgres-server': /cloud-?native-?pg|bitnami/, 'cloud-native-postgres': /bitnami/ } as const;

/** An image that fits, for each kind of store. */
const fitting = { 'postgres-server': 'postgres:17-bookworm', 'cloud-native-postgres': 'ghcr.io/cloudnative-pg/postgresql:17.6' } as const;

/**
 * What is wrong with PostgreSQL's image. CloudNativePG reads the version from the tag: https://cloudnative-pg.io/documentation/current/container_images/
 * The public image on Alpine has no user 999, and can't set a database up as one that it doesn't know:
 * https://github.com/docker-library/docs/blob/master/postgres/README.md#arbitrary---user-notes
 */
export function storeImageFaults({ kind, image }: PostgresServer | CloudNativePostgres): string[] {
  const found = parsed(image);
  if (typeof found === 'string') return [`${found}: correct store.image`];
  const { name, tag: version, digest } = found;
  const take = `take one such as ${fitting[kind]} for store.image`;
  if (!/postg(res|is)/.test(name.split('/').at(-1)!)) return [`the image ${image} is not called PostgreSQL: ${take}`];
  if (strangersOf[kind].test(name) || (kind === 'cloud-native-postgres' && officialName.test(name)))
    return [`the image ${image} has other users and folders than a store of kind "${kind}" runs with, and would not start: ${take}`];
  if (/alpine/.test(version ?? ''))
    return [
      `the image ${image} is on Alpine, where PostgreSQL has another user than its pod, and would not start: take one on Debian, such as ${fitting[kind]}`,
    ];
  if (kind === 'postgres-server' && (version === undefined || version === 'latest'))
    return digest === undefined
      ? [`the image ${image} may be another major version tomorrow, which doesn't start on these data: give store.image a version as its tag`]
      : [];
  const major = versionTag.exec(version ?? '')?.groups?.['major'];
  if (major === undefined) return [`the image ${image} has no tag that begins with PostgreSQL's version: ${take}`];
  return Number(major) < oldestMajor ? [`the image ${image} is PostgreSQL ${major}, and the services need ${oldestMajor}: ${take}`] : [];
}
