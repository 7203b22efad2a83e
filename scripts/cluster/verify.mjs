// Waits until a deployed environment is ready and proves it by the checks that its Deployments carry, by port-forward: no way in from outside is needed.
//   npm run verify -- --env staging
import { parseArgs } from 'node:util';
import { runCheck } from './checks/run-checks.mjs';
import { withKubeconfig } from './kubeconfig.mjs';
import { main, namespaceOf, portForward, read, showKubectl, UsageError } from './kubectl.mjs';

const usage = 'npm run verify -- --env ENVIRONMENT';

await main('verify', usage, async () => {
  const { values: options } = parseArgs({ options: { env: { type: 'string' } } });
  if (options.env === undefined) throw new UsageError('say which environment: npm run verify -- --env local');
  await withKubeconfig(() => verify(options.env));
});

async function verify(environment) {
  const namespace = namespaceOf(environment);
  const deployments = read(namespace, 'deployments', '-l', 'app.kubernetes.io/part-of=berth').items;
  if (deployments.length === 0) throw new Error(`nothing is deployed in ${namespace}: npm run deploy -- --env ${environment}`);
  for (const { metadata } of deployments) showKubectl('rollout', 'status', `deployment/${metadata.name}`, '-n', namespace, '--timeout=5m');
  const ways = new Map();
  try {
    for (const { metadata } of deployments) ways.set(metadata.name, await portForward(namespace, metadata.name));
    const faults = [];
    for (const deployment of deployments) faults.push(...(await faultsOf(deployment, ways)));
    if (faults.length > 0) throw new Error(`${namespace} is not as it should be:\n  ${faults.join('\n  ')}`);
  } finally {
    for (const { close } of ways.values()) close();
  }
}

async function faultsOf({ metadata: { name, annotations = {} } }, ways) {
  const urlOf = (service) => ways.get(service)?.url ?? `http://${service}.is-not-deployed.invalid`;
  const faults = [...(await readinessFaults(name, urlOf(name))), ...(await metricsFaults(name, urlOf(name)))];
  for (const check of JSON.parse(annotations['berth.dev/checks'] ?? '[]')) {
    const found = await runCheck(check, urlOf);
    if (found.length === 0) console.log(`verify: ${name}: ${check.name}`);
    faults.push(...found);
  }
  return faults;
}

async function readinessFaults(name, url) {
  const answer = await fetch(`${url}/health/ready`);
  const { status } = await answer.json();
  return answer.status === 200 && status === 'ok' ? [] : [`${name}: /health/ready answers ${answer.status}, "${status}"`];
}

async function metricsFaults(name, url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  return ['build_info{', 'http_requests_total'].filter((metric) => !text.includes(metric)).map((metric) => `${name}: /metrics has no ${metric}`);
}
