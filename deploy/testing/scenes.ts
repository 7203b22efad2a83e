import { parse } from 'yaml';
import { type KubernetesObject, referenceOf } from '../src/manifests/kubernetes-object';
import { readinessOf } from '../src/readiness/readiness';
import { diagnose } from '../src/doctor/diagnosis';
import { emptyScene, type Scene, type SceneObject, type Surroundings } from '../src/doctor/scene';

/** When these scenes are looked at. */
export const now = Date.parse('2026-01-01T12:00:00Z');
export const longAgo = '2026-01-01T11:00:00Z';
export const justNow = '2026-01-01T11:59:50Z';

const places: Readonly<Record<string, keyof Surroundings>> = {
  Deployment: 'workloads',
  ReplicaSet: 'replicaSets',
  Pod: 'pods',
  Service: 'services',
  EndpointSlice: 'endpointSlices',
  NetworkPolicy: 'networkPolicies',
  StatefulSet: 'workloads',
  Job: 'workloads',
  PersistentVolumeClaim: 'claims',
  Event: 'events',
};

const stackKinds = new Set(['Deployment', 'StatefulSet', 'Service', 'NetworkPolicy', 'HorizontalPodAutoscaler', 'Job']);

/** A scene of a stack of all these objects but what controllers made. */
export function sceneOf(texts: readonly string[], more: Partial<Scene> = {}): Scene {
  const objects = texts.map((text) => parse(text) as KubernetesObject);
  const parts: Record<string, KubernetesObject[]> = {};
  for (const object of objects) if (places[object.kind] !== undefined) (parts[places[object.kind]!] ??= []).push(object);
  const endpoints = (name: string) => {
    const all = objects
      .filter(({ kind, metadata }) => kind === 'EndpointSlice' && metadata.name === `${name}-1`)
      .flatMap((each) => each['endpoints'] as { conditions: { ready: boolean } }[]);
    return { all: all.length, ready: all.filter(({ conditions }) => conditions.ready).length };
  };
  const own = objects
    .filter(({ kind }) => stackKinds.has(kind))
    .map((object): SceneObject => ({
      reference: referenceOf(object),
      object,
      readiness: readinessOf(object, { now, ...(object.kind === 'Service' ? { endpoints: endpoints(object.metadata.name) } : {}) }),
    }));
  return { ...emptyScene, ...parts, now, objects: own, ...more };
}

/** A diagnosis in few words: of each cause its rule, its object, and who follows. */
export const told = (scene: Scene) => {
  const { state, causes, underWay } = diagnose(scene);
  return {
    state,
    causes: causes.map(({ rule, subject, followers }) => [rule, subject.name, ...followers.map(({ object }) => `${object.kind}/${object.name}`)]),
    underWay: underWay.map(({ object }) => object.name),
  };
};
