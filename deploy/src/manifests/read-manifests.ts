import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { faultList, UsageError } from '../exit-codes';
import { isObject } from './json';
import { type KubernetesObject, referenceOf } from './kubernetes-object';
import { manifestFaults } from './manifest-faults';
import { filesBelow } from './manifest-files';
import { withoutNulls } from './nulls';
import { repeatedFaults } from './repeated';
import { yamlDocuments } from './yaml-documents';

/** An object to apply, and where it was read. */
export interface Manifest {
  readonly object: KubernetesObject;
  /** File and line, such as `manifests/user-service/service.yaml:1`, from the folder. */
  readonly place: string;
}

/**
 * Every object of a folder, or of one file: of all of its YAML and JSON files however deep, but what belongs to Kustomize (`kustomization.yaml`) and Helm
 * (`Chart.yaml`, `values.yaml`, `templates/`). A `List` is opened.
 *
 * @throws UsageError with every fault: what can't be read, is no object, or is there twice
 */
export function readManifests(folder: string): Manifest[] {
  const faults: string[] = [];
  const manifests = manifestFiles(folder).flatMap((file) => readFile(folder, file, faults));
  faults.push(...repeatedFaults(manifests.map(({ place, object }) => ({ place, reference: referenceOf(object) }))));
  if (faults.length > 0) throw new UsageError(faultList(`${folder} has ${faults.length} faults`, faults));
  if (manifests.length === 0) throw new UsageError(`${folder} has no manifests: name a folder with YAML or JSON files of Kubernetes objects`);
  return manifests;
}

function manifestFiles(folder: string): string[] {
  const found = statOf(folder);
  if (found.isFile()) return [''];
  if (!found.isDirectory()) throw new UsageError(`${folder} is neither a folder nor a file: write what comes from a pipe into a file, and name that`);
  return filesBelow(folder);
}

function statOf(folder: string) {
  try {
    return statSync(folder);
  } catch (error) {
    throw new UsageError(`${folder} can't be read (${(error as NodeJS.ErrnoException).code}): name a folder with manifests`);
  }
}

function readFile(folder: string, file: string, faults: string[]): Manifest[] {
  const shown = file === '' ? folder : file;
  try {
    const manifests: Manifest[] = [];
    for (const { value, line } of yamlDocuments(readFileSync(join(folder, file), 'utf8')))
      for (const object of opened(value).map(withoutNulls)) {
        const place = `${shown}:${line}`;
        const found = manifestFaults(object);
        if (found.length === 0) manifests.push({ object: withoutGenerated(object as KubernetesObject), place });
        faults.push(...found.map((fault) => `${place}: ${fault}`));
      }
    return manifests;
  } catch (error) {
    faults.push(`${shown}: ${(error as Error).message}`);
    return [];
  }
}

/** The objects of a `List`, or of a list of one kind such as `ConfigMapList`, which names the kind for its items; or the one object. */
function opened(value: unknown): readonly unknown[] {
  const { kind, apiVersion, items, metadata } = value as { kind?: unknown; apiVersion?: unknown; items?: unknown; metadata?: { name?: unknown } | null };
  // an object of a kind that happens to be called so has a name
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items) || metadata?.name !== undefined) return [value];
  if (kind === 'List') return apiVersion === 'v1' ? items : [value];
  return items.map((item: unknown) => (isObject(item) ? { apiVersion, kind: kind.slice(0, -'List'.length), ...item } : item));
}

/** Tools that write manifests leave `creationTimestamp: null` and a status in them. */
function withoutGenerated({ status: _, metadata, ...object }: KubernetesObject): KubernetesObject {
  const { creationTimestamp: _time, ...rest } = metadata;
  return { ...object, metadata: rest };
}
