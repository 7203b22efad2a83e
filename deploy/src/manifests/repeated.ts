import { keyOf, nameOf, type ObjectReference } from './kubernetes-object';

/** What is wrong with objects that are there twice: a sentence for each but the first. @param found - each with the place where it stands */
export function repeatedFaults(found: readonly { readonly place: string; readonly reference: ObjectReference }[]): string[] {
  const first = new Map<string, string>();
  return found.flatMap(({ place, reference }) => {
    const earlier = first.get(keyOf(reference));
    if (earlier === undefined) first.set(keyOf(reference), place);
    return earlier === undefined ? [] : [`${place}: ${nameOf(reference)} is in ${earlier} already: keep one of them`];
  });
}
