// Deploys an environment's manifests with kubectl, waits until all of it is ready, and says why where it isn't.
//   npm run deploy -- --env staging [--images FILE] [--make-secrets] [--timeout 10m]
// KUBECONFIG names the cluster, or KUBECONFIG_BASE64 holds the whole file, as a pipeline's secret does.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { root } from '../services.mjs';
import { withKubeconfig } from './kubeconfig.mjs';
import { kubectl, main, namespaceOf, read, showKubectl, UsageError } from './kubectl.mjs';
import { manifestsOf, secretNames, unreleasedIn, withImages } from './manifests.mjs';

/** Kinds that a deployment waits for, in the order in which they become ready. */
const waits = [
  ['StatefulSet', rolledOut],
  ['Job', complete],
  ['Deployment', rolledOut],
];

const usage = 'npm run deploy -- --env ENVIRONMENT [--images FILE] [--make-secrets] [--timeout 10m]';

await main('deploy', usage, async () => {
  const { values: options } = parseArgs({
    options: {
      env: { type: 'string' },
      images: { type: 'string' },
      'make-secrets': { type: 'boolean', default: false },
      timeout: { type: 'string', default: '10m' },
    },
  });
  if (options.env === undefined) throw new UsageError('say which environment: npm run deploy -- --env local');
  if (!/^\d+[smh]$/.test(options.timeout)) throw new UsageError(`--timeout must be a number with s, m or h, such as 10m, not "${options.timeout}"`);
  const objects = withImages(manifestsOf(options.env), options.images === undefined ? {} : readImages(options.images));
  const unreleased = unreleasedIn(objects);
  if (unreleased.length > 0)
    throw new UsageError(
      `${options.env} has no released image of ${unreleased.join(', ')}: write digests into cdk8s/released-images.json and run npm run synth, or name images with --images FILE`,
    );
  await withKubeconfig(() => deploy(options.env, objects, options));
});

async function deploy(environment, objects, { timeout, 'make-secrets': makeSecrets }) {
  const namespace = namespaceOf(environment);
  const [first, ...others] = objects.toSorted((a, b) => rank(a) - rank(b));
  apply([first]);
  seeToSecrets(environment, namespace, secretNames(others), makeSecrets);
  removeFailedJobs(namespace, others);
  apply(others);
  try {
    for (const [kind, wait] of waits) for (const object of others.filter((other) => other.kind === kind)) await wait(object, namespace, timeout);
  } catch (error) {
    explain(namespace);
    throw error;
  }
  console.log(`deploy: ${environment} is ready; npm run berth -- verify --env ${environment} proves it by an order`);
}

/** The Namespace first, pods last, so that what they name is there. */
function rank({ kind }) {
  return kind === 'Namespace' ? 0 : waits.some(([waitedFor]) => waitedFor === kind) ? 2 : 1;
}

function apply(objects) {
  process.stdout.write(kubectl(['apply', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }) }));
}

/** Secrets are never rendered: they are there, or are made now, or the command that makes them is said. */
function seeToSecrets(environment, namespace, wanted, make) {
  const there = kubectl(['get', 'secrets', '-n', namespace, '-o', 'name']).split('\n');
  const missing = wanted.filter((name) => !there.includes(`secret/${name}`));
  if (missing.length === 0) return;
  if (!make || missing.length < wanted.length)
    throw new Error(
      `the Secrets ${missing.join(', ')} are missing in ${namespace}: npm run --silent secrets -- --env ${environment} prints new ones for kubectl create -f -`,
    );
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'cdk8s', 'dist', 'secrets-main.js'), '--env', environment], { encoding: 'utf8' });
  if (status !== 0) throw new Error('no Secrets could be made: run npm run setup');
  process.stdout.write(kubectl(['create', '-f', '-'], { input: stdout }));
}

/** A Job that failed stays so: applied again it is unchanged, and never runs. */
function removeFailedJobs(namespace, objects) {
  const names = objects.filter(({ kind }) => kind === 'Job').map(({ metadata }) => metadata.name);
  if (names.length === 0) return;
  const failed = read(namespace, 'jobs').items.filter((job) => names.includes(job.metadata.name) && conditionOf(job, 'Failed'));
  for (const { metadata } of failed) process.stdout.write(kubectl(['delete', 'job', metadata.name, '-n', namespace]));
}

function conditionOf({ status }, type) {
  return status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');
}

function rolledOut({ kind, metadata }, namespace, timeout) {
  showKubectl('rollout', 'status', `${kind.toLowerCase()}/${metadata.name}`, '-n', namespace, `--timeout=${timeout}`);
}

/** kubectl wait knows one condition alone, and would wait on for a Job that has failed. */
async function complete({ metadata: { name } }, namespace, timeout) {
  const end = Date.now() + parseInt(timeout) * { s: 1_000, m: 60_000, h: 3_600_000 }[timeout.at(-1)];
  for (;;) {
    const job = read(namespace, 'job', name);
    if (conditionOf(job, 'Complete')) return console.log(`job "${name}" is complete`);
    const failed = conditionOf(job, 'Failed');
    if (failed) {
      show(['logs', '-n', namespace, `job/${name}`, '--all-containers', '--tail=20']);
      throw new Error(
        `the Job ${name} failed (${failed.reason}): mend the cause and deploy again, which deletes it first, as kubectl delete job ${name} -n ${namespace} does`,
      );
    }
    if (Date.now() >= end) throw new Error(`the Job ${name} is not complete after ${timeout}: mend what keeps it, or wait longer with --timeout`);
    await setTimeout(1_000);
  }
}

/** What a person would look at first. */
function explain(namespace) {
  show(['get', 'pods,jobs', '-n', namespace, '-o', 'wide']);
  show(['get', 'events', '-n', namespace, '--sort-by=.lastTimestamp', '--field-selector=type=Warning']);
  show(['logs', '-n', namespace, '-l', 'app.kubernetes.io/part-of=berth', '--all-containers', '--prefix', '--tail=20']);
}

function show(args) {
  try {
    console.error(`\nkubectl ${args.join(' ')}\n${kubectl(args)}`);
  } catch (error) {
    console.error(error.message);
  }
}

function readImages(path) {
  const fault = `${path} must be a JSON object of image references by service, such as {"user-service": "ghcr.io/OWNER/user-service:0.1.0@sha256:…"}`;
  let images;
  try {
    images = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${fault}: ${error.message}`);
  }
  const isMap = typeof images === 'object' && images !== null && !Array.isArray(images) && Object.values(images).every((image) => typeof image === 'string');
  if (!isMap) throw new UsageError(fault);
  return images;
}
