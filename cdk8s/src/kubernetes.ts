import { type ApiObject, JsonPatch } from 'cdk8s';

/** The one place that names the class libraries: another version of cdk8s-plus is a change of this file. */
export { ApiObject, App, Chart, JsonPatch } from 'cdk8s';
export { k8s } from 'cdk8s-plus-27';
export { Construct } from 'constructs';

/**
 * Patches the finished JSON of an object with fields that Kubernetes knows and the class library of 1.27 doesn't: its serializer drops them
 * without a word, also when they come by `addJsonPatch`, which it runs first.
 */
export function patchFinished(object: ApiObject, ...operations: JsonPatch[]): void {
  const finish = object.toJson.bind(object);
  object.toJson = () => JsonPatch.apply(finish(), ...operations) as unknown;
}
