import { isObject } from './json';

/** What keeps a document from being an object of the API, as far as can be told without a cluster. */
export function manifestFaults(value: unknown): string[] {
  if (!isObject(value)) return [`it is ${article(value)}, and a manifest is an object with apiVersion, kind and metadata`];
  const { apiVersion, kind, metadata } = value;
  return [
    ...(isText(apiVersion) && /^([a-z0-9.-]+\/)?v[a-z0-9]+$/.test(apiVersion)
      ? []
      : [`apiVersion is ${shown(apiVersion)}: write one such as "v1" or "apps/v1"`]),
    ...(isText(kind) && /^[A-Z][A-Za-z0-9]*$/.test(kind) ? [] : [`kind is ${shown(kind)}: write one such as "Deployment"`]),
    ...metadataFaults(metadata),
    ...(kind === 'Secret' ? secretFaults(value) : []),
  ];
}

function metadataFaults(metadata: unknown): string[] {
  if (!isObject(metadata)) return [`metadata is ${shown(metadata)}: write an object with a name`];
  const { name, namespace, generateName, labels, annotations } = metadata;
  if (name === undefined && generateName !== undefined)
    return ['it has a generateName, by which it would be another object each time: give it a metadata.name'];
  return [
    ...(isText(name) && name !== '' ? segmentFaults('name', name) : [`metadata.name is ${shown(name)}: write a text`]),
    ...(isText(namespace) ? segmentFaults('namespace', namespace) : []),
    ...(namespace === undefined || (isText(namespace) && namespace !== '') ? [] : [`metadata.namespace is ${shown(namespace)}: write a text, or leave it out`]),
    ...textsFaults('labels', labels),
    ...textsFaults('annotations', annotations),
    ...serverSet.filter((member) => (metadata[member] ?? null) !== null).map((member) => `metadata.${member} is set by the cluster: leave it out`),
  ];
}

/** A name is a part of a path. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#path-segment-names */
function segmentFaults(member: string, name: string): string[] {
  return /[/%]|^\.\.?$/.test(name) ? [`metadata.${member} is ${shown(name)}: a name has no slash and no % in it, and is no dots alone`] : [];
}

/** Nothing of a value is shown. */
function secretFaults(secret: Record<string, unknown>): string[] {
  return [...typeFaults(secret), ...base64Faults(secret['data'])];
}

function base64Faults(data: unknown): string[] {
  return Object.entries(isObject(data) ? data : {}).flatMap(([key, value]) =>
    isText(value) && !isBase64(value) ? [`data["${key}"] is no base64: encode it, or write it into stringData as it is`] : [],
  );
}

/** As the API server decodes it: by lines or not, and whole. */
function isBase64(text: string): boolean {
  const line = text.replace(/[\r\n]/g, '');
  return line.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(line);
}

function typeFaults(secret: Record<string, unknown>): string[] {
  return ['data', 'stringData'].flatMap((member) => {
    const values = secret[member] ?? {};
    if (!isObject(values)) return [`${member} is ${article(values)}: write an object of texts`];
    return Object.entries(values).flatMap(([key, value]) =>
      isText(value) || value === null ? [] : [`${member}["${key}"] is ${article(value)}: write a text, in quotes where YAML would make something else of it`],
    );
  });
}

/** What `kubectl get -o yaml` prints and a manifest can't say. */
const serverSet = ['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'deletionTimestamp', 'managedFields', 'selfLink'];

/** YAML makes a boolean of `true` and a number of `1` where no quotes are. */
function textsFaults(member: string, value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (!isObject(value)) return [`metadata.${member} is ${shown(value)}: write an object of texts`];
  return Object.entries(value).flatMap(([key, text]) =>
    isText(text) ? [] : [`metadata.${member}["${key}"] is ${shown(text)}: write a text, in quotes where YAML would make something else of it`],
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function article(value: unknown): string {
  return Array.isArray(value) ? 'a list' : `a ${value === null ? 'null' : typeof value}`;
}

/** A value of a Secret must not be shown: only what isn't where it belongs is, and only when it is short and plain. */
function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  return typeof value === 'boolean' || typeof value === 'number' || value === null
    ? JSON.stringify(value)
    : isText(value)
      ? `"${value.slice(0, 60)}"`
      : article(value);
}
