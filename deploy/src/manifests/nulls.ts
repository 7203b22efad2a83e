import { isObject } from './json';
import { isCustom } from './kubernetes-object';

/** Maps of texts, in which a null is an empty text to the server, and no member that isn't there. */
const textMaps = new Set([
  'labels',
  'annotations',
  'matchLabels',
  'nodeSelector',
  'data',
  'stringData',
  'binaryData',
  'limits',
  'requests',
  'hard',
  'parameters',
]);

/**
 * An object without the members that are null, as an empty `env:` is: to the API server, as to kubectl, they aren't there. What a custom kind means by one
 * its schema says, so only its metadata is looked at.
 */
export function withoutNulls<Value>(object: Value): Value {
  if (!isObject(object) || typeof object['apiVersion'] !== 'string') return object;
  if (!isCustom(object['apiVersion'])) return stripped(object, object['kind'] === 'Service') as Value;
  const metadata = object['metadata'];
  return isObject(metadata) ? { ...object, metadata: stripped(metadata, false) } : object;
}

function stripped(value: unknown, isService: boolean): unknown {
  if (Array.isArray(value)) return value.map((element) => stripped(element, isService));
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(
    kept.map(([name, member]) => [name, textMaps.has(name) || (isService && name === 'selector') ? member : stripped(member, isService)]),
  );
}
