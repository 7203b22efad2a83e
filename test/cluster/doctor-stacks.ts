import { setTimeout as sleep } from 'node:timers/promises';
import { berth, folderWith, type Run } from '../../deploy/testing/berth-process';
import { kubectl, kubectlSaid } from './cluster';
import type { Written } from './doctor-objects';

/** A diagnosis as `-o json` prints it. */
export interface Told {
  readonly state: string;
  readonly healthy: boolean;
  readonly causes: readonly {
    readonly rule: string;
    readonly object: string;
    readonly cause: string;
    readonly evidence: readonly string[];
    readonly next: readonly string[];
    readonly followers: readonly { readonly object: string; readonly why: string }[];
  }[];
}

/** How long a diagnosis may take, in milliseconds. */
export const promisedMs = 5_000;

/** A folder with objects in a namespace. */
export function folderOf(name: string, namespace: string, objects: readonly Written[]): string {
  return folderWith({ 'all.json': listOf(namespace, objects) }, name);
}

/** Objects as kubectl takes them. */
export function listOf(namespace: string, objects: readonly Written[]): string {
  const items = objects.map((object) => ({ ...object, metadata: { ...object.metadata, namespace } }));
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

/** Makes a namespace of these suites' own anew. */
export async function freshNamespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
  await removeNamespace(name);
  await kubectlSaid(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }));
}

/** Deletes a namespace with all that is in it. */
export async function removeNamespace(name: string): Promise<void> {
  await kubectl('delete', 'namespace', name, '--ignore-not-found', '--timeout=120s');
}

/** Runs doctor. */
export function doctor(args: readonly string[], kubeconfig = process.env['KUBECONFIG']!): Promise<Run> {
  return berth(['doctor', ...args], { kubeconfig });
}

/** Expects an environment that is deployed to be found healthy: one line, in time. */
export async function findsHealthy(environment: string): Promise<void> {
  const { code, stdout, stderr, ms } = await doctor([`charts/${environment}`]);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `berth-${environment}/${environment} is healthy\n`, stderr: '' });
  expect(ms).toBeLessThan(promisedMs);
}

/** What doctor says, for machines. */
export function toldBy({ stdout, stderr }: Pick<Run, 'stdout' | 'stderr'>): Told {
  if (!stdout.startsWith('{')) throw new Error(`doctor said no JSON:\n${stdout}${stderr}`);
  return JSON.parse(stdout) as Told;
}

/** All that the cluster says of a namespace's pods and other objects, a line each: what a fault is recognised by. @param logged - Deployments whose logs are among it */
export async function saidIn(namespace: string, logged: readonly string[]): Promise<string[]> {
  const [pods, events, maps] = await Promise.all(['pods', 'events', 'configmaps'].map((kind) => kubectl('get', kind, '-n', namespace, '-o', 'json')));
  const items = (text: string | undefined) => (JSON.parse(text!) as { items: Item[] }).items;
  const logs = await Promise.all(logged.map((name) => kubectl('logs', '-n', namespace, `deployment/${name}`, '--tail=50').catch(() => '')));
  return [
    ...logs.flatMap((log) => log.split('\n')),
    ...items(pods).map(
      ({ metadata: { name, creationTimestamp }, status }) =>
        `${Date.now() - Date.parse(creationTimestamp ?? '') > oldMs ? 'Old ' : ''}${isReady(status) ? 'Ready ' : ''}${isReady(status, settledMs) ? 'Settled ' : ''}${status?.reason ?? ''} ${name} ${JSON.stringify(status?.containerStatuses)}`,
    ),
    ...items(events).map(({ reason, message, involvedObject }) => `${reason} ${message} ${involvedObject?.name}`),
    ...items(maps).map(({ metadata: { name, deletionTimestamp } }) => `${name} ${deletionTimestamp === undefined ? '' : 'Terminating'}`),
  ];
}

interface Item {
  readonly metadata: { readonly name: string; readonly creationTimestamp?: string; readonly deletionTimestamp?: string };
  readonly reason?: string;
  readonly message?: string;
  readonly involvedObject?: { readonly name: string };
  readonly status?: {
    readonly reason?: string;
    readonly conditions?: readonly { type: string; status: string; lastTransitionTime: string }[];
    readonly containerStatuses?: unknown;
  };
}

/** Pods that are older are not excused as just made, in milliseconds: doctor waits for a minute after their start. */
const oldMs = 90_000;

/** What became ready longer ago is no start any more, in milliseconds. */
const settledMs = 25_000;

function isReady(status: Item['status'], forMs = 0): boolean {
  const ready = status?.conditions?.find(({ type, status: is }) => type === 'Ready' && is === 'True');
  return ready !== undefined && Date.now() - Date.parse(ready.lastTransitionTime) >= forMs;
}

/** Waits until something holds. @throws Error with what it was when time is up */
export async function until(what: string, holds: () => Promise<boolean>, timeoutMs = 150_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; ;) {
    if (await holds()) return;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await sleep(1_000);
  }
}
