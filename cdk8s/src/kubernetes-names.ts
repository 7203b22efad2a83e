import { type Check, type Rule, text } from './value-rules';

/** Names and labels as the API server takes them: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */

/** Most characters of a name that is a label of DNS, of a label's name, and of a label's value. */
export const longestLabel = 63;

/** Whether it may name any object of Kubernetes, a Service too (RFC 1035). */
export function isObjectName(name: string, longest = longestLabel): boolean {
  return name.length <= longest && /^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name);
}

const word = '[a-z0-9]([a-z0-9-]*[a-z0-9])?';

/** A namespace's name (RFC 1123). */
export const namespaceName = text(new RegExp(`^${word}$`), longestLabel, `lower-case letters, digits and dashes, ${longestLabel} characters at most`);

/** The name of a StorageClass, an IngressClass or a Secret: words with dots between them (RFC 1123). */
export const objectName = text(new RegExp(`^${word}(\\.${word})*$`), 253, 'lower-case letters, digits, dashes and dots, 253 characters at most');

const hostWord = `[a-z0-9]([a-z0-9-]{0,${longestLabel - 2}}[a-z0-9])?`;

/** A name that DNS resolves: https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4 */
export const hostName = text(new RegExp(`^${hostWord}(\\.${hostWord})*$`), 253, "a host's name in lower case, words of 63 characters and 253 in all at most");

const labelWord = `[A-Za-z0-9]([A-Za-z0-9._-]{0,${longestLabel - 2}}[A-Za-z0-9])?`;

/** The key of a label. */
const labelKey = text(
  new RegExp(`^(?![^/]{254})(${word}(\\.${word})*/)?${labelWord}$`),
  253 + 1 + longestLabel,
  'a word of letters, digits, dashes, dots and underscores, with a domain of at most 253 characters and a slash before it if need be, such as "app.kubernetes.io/name"',
);

/** The key of an annotation, whose domain may be in upper case: `ValidateAnnotations` in k8s.io/apimachinery/pkg/api/validation. */
const annotationKey: Rule = { ...labelKey, holds: (value) => labelKey.holds(String(value).toLowerCase()) };

const labelValue = text(new RegExp(`^(${labelWord})?$`), longestLabel, `letters, digits, dashes, dots and underscores, ${longestLabel} characters at most`);

/** Labels of an object's own. */
export function labelChecks(where: string, labels: Readonly<Record<string, string>>): Check[] {
  return [...keyChecks(where, labels, labelKey), ...Object.entries(labels).map(([name, value]): Check => [`${where}["${name}"]`, value, labelValue])];
}

/**
 * Labels that something is found by: there must be one.
 *
 * @param otherwise - what none at all would mean
 */
export function selectorChecks(where: string, labels: Readonly<Record<string, string>>, otherwise: string): Check[] {
  const someLabel: Rule = { words: `at least one label, or ${otherwise}`, holds: (value) => Object.keys(value as object).length > 0 };
  return [[where, labels, someLabel], ...labelChecks(where, labels)];
}

/** Annotations of an object's own. */
export function annotationChecks(where: string, annotations: Readonly<Record<string, string>>): Check[] {
  return keyChecks(where, annotations, annotationKey);
}

function keyChecks(where: string, entries: Readonly<Record<string, string>>, key: Rule): Check[] {
  return Object.keys(entries).map((name): Check => [`a key of ${where}`, name, key]);
}
