/** Whether a value of JSON is an object, neither a list nor null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether two values of JSON are the same, whatever the order of their members. */
export function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((element, index) => same(element, other[index]));
  if (!isObject(one) || !isObject(other)) return false;
  const members = Object.keys(one);
  return members.length === Object.keys(other).length && members.every((member) => member in other && same(one[member], other[member]));
}

/** A value with what another one says laid over it: members that it doesn't say stay, and so do those of the elements of a list as long as its own. */
export function merged(under: unknown, over: unknown): unknown {
  if (Array.isArray(under) && Array.isArray(over) && under.length === over.length) return over.map((value, index) => merged(under[index], value));
  if (!isObject(under) || !isObject(over)) return over;
  return { ...under, ...Object.fromEntries(Object.entries(over).map(([member, value]) => [member, merged(under[member], value)])) };
}

/** A text in which the order of members doesn't show: equal values have equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isObject(member) ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1))) : member,
  );
}
