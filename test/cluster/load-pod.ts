import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubectl, kubectlSaid } from './cluster';
import { hardenedPod } from './probe-pod';

/** What the load saw; times in milliseconds. */
export interface LoadReport {
  readonly sent: number;
  readonly failed: number;
  readonly seconds: number;
  readonly failures: readonly Readonly<Record<string, unknown>>[];
  readonly phases: Readonly<Record<string, Readonly<Record<string, LoadFigures>>>>;
}
interface LoadFigures {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** A pod that sends load: where the ingress controller lives and labelled like it, because nobody else may come in. */
export interface LoadPod {
  /** Starts a program of this folder, and gives a promise of the last line that it prints, parsed. */
  start<T>(program: string, env: Readonly<Record<string, string>>): Promise<T>;
  /** Names what the cluster does from now on. */
  phase(name: string): Promise<void>;
  /** Lets the program that runs come to its end. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

const namespace = 'ingress-nginx';
const programs = ['load.mjs', 'writer.mjs'];

/** @param name - of the pod and its programs. */
export async function startLoadPod(name: string): Promise<LoadPod> {
  await kubectlSaid(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }));
  const data = Object.fromEntries(programs.map((program) => [program, readFileSync(join(__dirname, program), 'utf8')]));
  const files = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
  const pod = hardenedPod({ name, namespace, labels: { 'app.kubernetes.io/name': 'ingress-nginx' }, configMap: name });
  await kubectlSaid(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [files, pod] }));
  await kubectl('wait', '-n', namespace, `pod/${name}`, '--for=condition=Ready', '--timeout=60s');
  const run = (...args: string[]) => kubectl('exec', '-n', namespace, name, '--', ...args);
  return {
    async start(program, env) {
      await run('rm', '-f', '/tmp/stop', '/tmp/phase');
      const said = await run('env', ...Object.entries(env).map(([key, value]) => `${key}=${value}`), 'node', `/programs/${program}`);
      return JSON.parse(said.split('\n').at(-1)!) as never;
    },
    phase: async (what) => void (await run('sh', '-c', 'echo "$0" > /tmp/phase.new && mv /tmp/phase.new /tmp/phase', what)),
    stop: async () => void (await run('touch', '/tmp/stop')),
    remove: async () => {
      await kubectl('delete', '-n', namespace, `pod/${name}`, `configmap/${name}`, '--ignore-not-found', '--grace-period=0', '--force');
    },
  };
}
