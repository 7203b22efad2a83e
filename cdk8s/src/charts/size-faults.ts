import type { Construct } from '../kubernetes';
import { type Files, objectsIn } from './folder';

/** Bytes of an object's annotations together, keys included: `TotalAnnotationSizeLimitB` in k8s.io/apimachinery/pkg/api/validation. */
const longestAnnotations = 262_144;

/** Where `kubectl apply` keeps a copy of the whole object: https://kubernetes.io/docs/reference/labels-annotations-taints/ */
const copy = 'kubectl.kubernetes.io/last-applied-configuration';

/** Bytes that one byte of YAML may become in JSON, as Go writes it: `<` is `\u003c`. */
const longestEscape = 6;

/** Objects that are too large for `kubectl apply`. Judged by their files, because to render every object twice would cost as much as synth itself. */
export function sizeFaults(chart: Construct, files: Files): string[] {
  return [...objectsIn(chart)].flatMap(([path, object]) => {
    if (Buffer.byteLength(files.get(path)!) * longestEscape < longestAnnotations) return [];
    const json = object.toJson() as { kind: string; metadata: { name: string; annotations?: Record<string, string> } };
    const { kind, metadata } = json;
    const annotations = { ...metadata.annotations, [copy]: JSON.stringify(json).replace(/[<>&]/g, '\\u0000') };
    const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
    return size <= longestAnnotations
      ? []
      : [
          `${object.node.path}: the ${kind} ${metadata.name} would have ${size} bytes of annotations with the copy of it that kubectl apply keeps, and the API server takes ${longestAnnotations}: shorten the annotations, checks, metrics or flows that it is made of`,
        ];
  });
}
