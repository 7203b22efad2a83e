import type { KubernetesObject, ObjectReference } from '../manifests/kubernetes-object';
import type { Scene } from './scene';

/** Whose log tells more: of a container that runs or ran, and of its last run where it has ended. */
export interface PodLog {
  readonly pod: KubernetesObject;
  readonly container: string;
  readonly previous: boolean;
}

/** What a rule found. */
export interface Finding {
  /** The object that is not as it should be; of a pod's fault the workload that made it. */
  readonly subject: ObjectReference;
  /** The cause in a sentence's part, place first, that goes on from the subject's name: `pod web-1: container app crashes`. */
  readonly cause: string;
  /** What was seen, in the cluster's own words. */
  readonly evidence: readonly string[];
  /** Commands to try, the most telling first. */
  readonly next: readonly string[];
  /** Milliseconds for which it has to be seen until it is certain not to go away by itself. `Infinity`: never certain. */
  readonly certainAfterMs: number;
  /** What is at fault where several objects suffer from it, such as one missing ConfigMap: findings of one rule that name the same are one. */
  readonly fault?: string;
  /** Whether something that the subject needs may be the real cause. @default false */
  readonly isSymptom?: boolean;
  readonly log?: PodLog;
}

/** What a rule found, and which rule it was. */
export interface Verdict extends Finding {
  readonly rule: string;
}

/** One way in which something breaks. */
export interface Rule {
  /** In the output, and the heading of its part of docs/doctor.md. */
  readonly name: string;
  /** Whether pods and what made them are enough: such a rule is asked at each look of a deployment's wait. @default false */
  readonly isQuick?: boolean;
  /** Looks at what was read, and at nothing else. */
  look(scene: Scene): readonly Finding[];
}
