// kubectl, as the scripts of this folder use it: whatever KUBECONFIG and context it finds.
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * Runs kubectl and gives its stdout.
 *
 * @param {readonly string[]} args
 * @param {{ input?: string }} [options] what it reads on stdin
 * @throws {Error} with its stderr when it fails
 */
export function kubectl(args, { input } = {}) {
  const { status, stdout, stderr, error } = spawnSync('kubectl', args, { encoding: 'utf8', input, maxBuffer: 64 * 1024 * 1024 });
  if (error) throw new Error(`kubectl can't be started: ${error.message}. Install it: https://kubernetes.io/docs/tasks/tools/`);
  if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim() || `exit code ${status}`}`);
  return stdout;
}

/** Runs kubectl with its output on this terminal. @throws {Error} when it fails */
export function showKubectl(...args) {
  const { status, error } = spawnSync('kubectl', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (error) throw new Error(`kubectl can't be started: ${error.message}`);
  if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: exit code ${status}`);
}

/** An object of the cluster, parsed; a list when no name is given. */
export function read(namespace, kind, ...rest) {
  return JSON.parse(kubectl(['get', kind, '-n', namespace, '-o', 'json', ...rest]));
}

/**
 * Opens a way to a Service and gives its URL on this machine, with what ends it.
 *
 * @param {string} namespace
 * @param {string} service
 */
export async function portForward(namespace, service) {
  const child = spawn('kubectl', ['port-forward', '-n', namespace, `service/${service}`, ':http'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (complaint += text));
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port !== undefined) return { url: `http://127.0.0.1:${port}`, close: () => child.kill() };
  }
  throw new Error(`no way to ${namespace}/${service}: ${complaint.trim()}`);
}

/** The namespace of an environment. */
export function namespaceOf(environment) {
  return `berth-${environment}`;
}

/** Runs a script's body; a failure is said in one sentence and is exit code 1. */
export async function main(name, usage, body) {
  try {
    await body();
  } catch (error) {
    const unparsed = error.code?.startsWith?.('ERR_PARSE_ARGS');
    const misused = unparsed || error instanceof UsageError;
    const bug = !misused && (error instanceof ReferenceError || (error instanceof TypeError && error.cause === undefined));
    console.error(`${name}: ${bug ? error.stack : [error.message, error.cause?.message, unparsed && usage].filter(Boolean).join(': ')}`);
    process.exitCode = misused ? 64 : 1;
  }
}

/** The command line was wrong: nothing was done. */
export class UsageError extends Error {}
