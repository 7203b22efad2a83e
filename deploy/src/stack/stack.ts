import { basename, resolve } from 'node:path';
import { UsageError } from '../exit-codes';
import type { KubernetesObject } from '../manifests/kubernetes-object';

/** What is deployed, changed and removed together: the objects of one folder, under one name in one namespace. */
export interface Stack {
  readonly name: string;
  /** Where its inventory, its history and its lock are, and objects that name no namespace. */
  readonly namespace: string;
}

/** On every object of a stack: `<namespace>.<name>`. Only what carries it is ever pruned or destroyed. */
export const stackLabel = 'berth.dev/stack';

/** The label's value. A namespace has no dot in it, so it is read back without doubt. */
export function stackId({ namespace, name }: Stack): string {
  return `${namespace}.${name}`;
}

/** Whose an object is; nothing when it is no stack's. */
export function stackOf({ metadata: { labels = {} } }: KubernetesObject): string | undefined {
  return labels[stackLabel];
}

/** Characters of a label's value. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
const longestId = 63;

const nameWords = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/**
 * The name of a folder's stack: the given one, else the folder's own in lower case.
 *
 * @throws UsageError when it can't be the name of objects
 */
export function stackName(folder: string, given: string | undefined): string {
  const name =
    given ??
    basename(resolve(folder))
      .replace(/\.(ya?ml|json)$/, '')
      .toLowerCase();
  if (nameWords.test(name)) return name;
  const what = given === undefined ? `the folder's name "${name}" can't name a stack` : `"${name}" can't name a stack`;
  throw new UsageError(`${what}: give one of lower-case letters, digits and dashes with --name`);
}

/** @throws UsageError when the label would not take it, or what Berth keeps of it would be called as another stack's revision is */
export function checkedStack(stack: Stack): Stack {
  if (/-revision-\d+$/.test(stack.name))
    throw new UsageError(`"${stack.name}" can't name a stack, because revisions of another are called so: give another name with --name`);
  const id = stackId(stack);
  if (id.length <= longestId) return stack;
  throw new UsageError(`the stack ${id} has a name of ${id.length} characters, and a label takes ${longestId}: give a shorter one with --name`);
}
