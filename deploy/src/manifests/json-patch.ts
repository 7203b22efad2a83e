import { isObject, same } from './json';

/** A JSON patch (RFC 6902) that makes one value of another, lists as a whole. */
export function jsonPatch(before: unknown, after: unknown, path = ''): object[] {
  if (same(before, after)) return [];
  if (!isObject(before) || !isObject(after)) return [{ op: 'replace', path, value: after }];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((member) => {
    const at = `${path}/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!(member in after)) return [{ op: 'remove', path: at }];
    return member in before ? jsonPatch(before[member], after[member], at) : [{ op: 'add', path: at, value: after[member] }];
  });
}
