import { hasOthers, type ServiceSettings, valueOf } from '../settings';

/**
 * Seconds that a pod serves on after its end was decided and before SIGTERM: so long it takes until no proxy sends it anything new. None where
 * one process is replaced by the next: nobody else could answer, and the next one waits for the end of this one.
 *
 * Kubernetes' own `sleep` action, stable since 1.34, needs no shell in the image (KEP-3960).
 */
export function preStopSeconds(settings: ServiceSettings): number {
  return hasOthers(settings) ? 5 : 0;
}

/** Seconds beside the drain: the service's 0.5 s of serving on, at most 5 s of catching up, the end of its store; the rest is slack. */
const slackSeconds = 10;

/** Seconds until the kubelet kills: above all that the service needs, the time before SIGTERM included. */
export function terminationGraceSeconds(settings: ServiceSettings): number {
  return preStopSeconds(settings) + Math.ceil(Number(valueOf(settings, 'SHUTDOWN_TIMEOUT_MS')) / 1_000) + slackSeconds;
}
