import { commandNotFound } from './rules/command-not-found';
import { configMapKey } from './rules/config-map-key';
import { configMapMissing } from './rules/config-map-missing';
import { configurationRefused } from './rules/configuration-refused';
import { containerConfiguration } from './rules/container-configuration';
import { containerStart } from './rules/container-start';
import { crash } from './rules/crash';
import { databaseDown } from './rules/database-down';
import { databasePassword } from './rules/database-password';
import { evicted } from './rules/evicted';
import { finalizer } from './rules/finalizer';
import { imageName } from './rules/image-name';
import { imageNeverPulled } from './rules/image-never-pulled';
import { imageTag } from './rules/image-tag';
import { ingressService } from './rules/ingress-service';
import { initContainer } from './rules/init-container';
import { kubeconfigExpired } from './rules/kubeconfig-expired';
import { livenessProbe } from './rules/liveness-probe';
import { loadBalancer } from './rules/load-balancer';
import { migrationFailed } from './rules/migration-failed';
import { networkPolicy } from './rules/network-policy';
import { noRights } from './rules/no-rights';
import { nodeResources } from './rules/node-resources';
import { nodeSelector } from './rules/node-selector';
import { nodeTaint } from './rules/node-taint';
import { notAnswering } from './rules/not-answering';
import { notReady } from './rules/not-ready';
import { objectFailed } from './rules/object-failed';
import { objectMissing } from './rules/object-missing';
import { outOfMemory } from './rules/out-of-memory';
import { paused } from './rules/paused';
import { peerDown } from './rules/peer-down';
import { peerName } from './rules/peer-name';
import { peerUrl } from './rules/peer-url';
import { podFailed } from './rules/pod-failed';
import { podSecurity } from './rules/pod-security';
import { podsRefused } from './rules/pods-refused';
import { postStartHook } from './rules/post-start-hook';
import { probePath } from './rules/probe-path';
import { probePort } from './rules/probe-port';
import { pullSecret } from './rules/pull-secret';
import { quota } from './rules/quota';
import { readinessGate } from './rules/readiness-gate';
import { registryUnreachable } from './rules/registry-unreachable';
import { saysUnready } from './rules/says-unready';
import { scaleTarget } from './rules/scale-target';
import { scaledToZero } from './rules/scaled-to-zero';
import { scheduler } from './rules/scheduler';
import { secretKey } from './rules/secret-key';
import { secretMissing } from './rules/secret-missing';
import { serviceAccount } from './rules/service-account';
import { servicePort } from './rules/service-port';
import { serviceSelector } from './rules/service-selector';
import { serviceWrongPods } from './rules/service-wrong-pods';
import { sharedSqlite } from './rules/shared-sqlite';
import { startupProbe } from './rules/startup-probe';
import { unschedulable } from './rules/unschedulable';
import { volumeClass } from './rules/volume-class';
import { volumeMode } from './rules/volume-mode';
import { volumeSize } from './rules/volume-size';
import { volumeUnbound } from './rules/volume-unbound';
import type { Scene } from './scene';
import type { Rule, Verdict } from './verdict';

/**
 * Every way in which something breaks that is known by name. Adding one is a file, a line here, a part of docs/doctor.md and a test. Where several rules
 * find something of one object the first is the cause: the special ones come before the general ones.
 */
export const rules: readonly Rule[] = [
  kubeconfigExpired,
  noRights,
  finalizer,
  objectMissing,
  podSecurity,
  serviceAccount,
  quota,
  podsRefused,
  volumeClass,
  volumeMode,
  volumeSize,
  volumeUnbound,
  nodeResources,
  nodeSelector,
  nodeTaint,
  unschedulable,
  scheduler,
  imageTag,
  imageName,
  pullSecret,
  imageNeverPulled,
  registryUnreachable,
  configMapMissing,
  configMapKey,
  secretMissing,
  secretKey,
  containerConfiguration,
  commandNotFound,
  containerStart,
  evicted,
  outOfMemory,
  startupProbe,
  livenessProbe,
  postStartHook,
  configurationRefused,
  sharedSqlite,
  databasePassword,
  migrationFailed,
  crash,
  podFailed,
  serviceSelector,
  serviceWrongPods,
  servicePort,
  ingressService,
  peerName,
  networkPolicy,
  peerUrl,
  probePath,
  probePort,
  databaseDown,
  peerDown,
  scaledToZero,
  loadBalancer,
  scaleTarget,
  paused,
  readinessGate,
  initContainer,
  notAnswering,
  saysUnready,
  objectFailed,
  notReady,
];

/** What the rules find, in the table's order. @param some - only these rules */
export function verdictsOf(scene: Scene, some: readonly Rule[] = rules): readonly Verdict[] {
  return some.flatMap((rule) => rule.look(scene).map((finding) => ({ ...finding, cause: inOneLine(finding.cause), rule: rule.name })));
}

/** What is quoted may have several, or end in one: the output of a probe's command has. */
function inOneLine(cause: string): string {
  return cause.trim().replace(/\s*\n\s*/g, ' ');
}

/** Those that need no more than pods and what made them. */
export const quickRules: readonly Rule[] = rules.filter(({ isQuick }) => isQuick);
