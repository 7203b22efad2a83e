// Fuzzes the running services with schemathesis: whatever it sends, no 5xx, and no answer that OpenAPI does not describe.
//   npm run fuzz -- [--cases N] [--seed N] [--services NAME,NAME] [--stores sqlite,postgres] [--url URL]
import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findSchemathesis, runRound } from './schemathesis.mjs';
import { root, serviceNames } from './services.mjs';
import { loadTypeScript } from './typescript.mjs';

const usage = 'npm run fuzz -- [--cases N] [--seed N] [--services NAME,NAME] [--stores sqlite,postgres] [--url URL]';
const options = readOptions();
const [cases, seed] = [Number(options.cases), Number(options.seed)];
const reports = join(root, '.cache', 'fuzz');

/** How many users and rows each round finds; their ids are half of those that are sent. */
const knownRows = 60;

/** Rounds are small enough that a round's rows are not all deleted before it ends. */
const largestRound = 250;

// So that nothing that was started stays behind: each part ends its process on exit.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

const schemathesis = findSchemathesis();
console.log(`Seed ${seed}: the same run again is npm run fuzz -- --cases ${cases} --seed ${seed}`);
const results =
  options.url !== undefined
    ? [await fuzz({ label: options.url, url: options.url, existingIds: () => ({ rows: [1], users: [1] }) })]
    : (await Promise.all((await storesToFuzz()).map(fuzzStore))).flat();
console.table(Object.fromEntries(results.map(({ label, failures: _, ...figures }) => [label, figures])));
const failed = results.filter(({ failures }) => failures.length > 0);
for (const { label, failures } of failed) console.error(`\n${label}:\n  ${failures.join('\n  ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;

/** The command line; when it is wrong, says so and ends with 64 (`EX_USAGE`). */
function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        cases: { type: 'string', default: '1250' },
        seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
        services: { type: 'string', default: serviceNames().join(',') },
        stores: { type: 'string' },
        url: { type: 'string' },
      },
    });
    for (const name of ['cases', 'seed'])
      if (!/^[1-9]\d{0,9}$/.test(values[name])) throw new Error(`--${name} must be a whole number from 1 to 9999999999, not "${values[name]}"`);
    wordsOf('services', values.services, serviceNames());
    if (values.stores !== undefined) wordsOf('stores', values.stores, ['sqlite', 'postgres']);
    if (values.url !== undefined && !/^https?:/.test(values.url)) throw new Error(`--url must begin with http:// or https://, not be "${values.url}"`);
    return values;
  } catch (error) {
    console.error(`fuzz: ${error.message}\n\n${usage}`);
    process.exit(64);
  }
}

function wordsOf(option, text, known) {
  const strange = text.split(',').filter((word) => !known.includes(word));
  if (strange.length > 0) throw new Error(`--${option} knows no "${strange.join('", "')}": choose from ${known.join(', ')}`);
}

async function storesToFuzz() {
  if (options.stores !== undefined) return options.stores.split(',');
  const { findPostgres, postgresMissing } = await loadTypeScript('services/service-kit/testing/postgres-server.ts');
  if (findPostgres() !== undefined) return ['sqlite', 'postgres'];
  console.log(`PostgreSQL is left out: it ${postgresMissing}`);
  return ['sqlite'];
}

/** Fuzzes the services on one kind of store in turn; the stores go side by side. */
async function fuzzStore(store) {
  const results = [];
  for (const service of options.services.split(',')) results.push(await fuzzService(service, store));
  return results;
}

/** Fuzzes one service on one kind of store, with the real user-service behind order-service. */
async function fuzzService(service, store) {
  const { openShop } = await loadTypeScript('services/service-kit/testing/shop.ts');
  const shop = await openShop(store, { LOG_LEVEL: 'warn' });
  const killAll = () => [shop.users, shop.orders].forEach(({ child }) => child.kill('SIGKILL'));
  process.once('exit', killAll);
  try {
    const subject = service === 'user-service' ? shop.users : shop.orders;
    const before = await countedFaults(subject);
    const result = await fuzz({ label: `${service} on ${store}`, url: subject.url, existingIds: () => fillUp(shop, service) });
    return { ...result, failures: [...result.failures, ...(await ownAccount(subject, before))] };
  } finally {
    process.off('exit', killAll);
    await shop.close();
  }
}

/** Rounds until there were enough cases, each with its own seed; the first one with every phase, the others with the random ones. */
async function fuzz({ label, url, existingIds }) {
  const total = { cases: 0, accepted: 0, 'answers of 5xx': 0, 'schema breaks': 0, 'other failures': 0, seconds: 0 };
  const failures = [];
  const reached = {};
  for (let round = 0, examples = 20; total.cases < cases; round++) {
    const folder = join(reports, label.replaceAll(/[^a-z-]+/g, '-'), String(round + 1));
    mkdirSync(folder, { recursive: true });
    const phases = round === 0 ? 'examples,coverage,fuzzing,stateful' : 'fuzzing,stateful';
    const ids = await existingIds();
    const report = await runRound(schemathesis, { url, folder, seed: seed + round, examples, phases, ids });
    failures.push(...report.failures);
    for (const [operation, accepted] of Object.entries(report.accepted)) reached[operation] = (reached[operation] ?? 0) + accepted;
    for (const name of Object.keys(total)) total[name] += report.figures[name] ?? 0;
    console.log(`${label}: ${total.cases} of ${cases} cases, ${failures.length} failures (round ${round + 1}, seed ${seed + round})`);
    if (!report.complete) break;
    examples = Math.max(20, Math.min(largestRound, Math.ceil((cases - total.cases) / (report.figures.cases / examples))));
  }
  for (const [operation, accepted] of Object.entries(reached))
    if (accepted === 0) failures.push(`${operation} never accepted a request: its own code was not reached`);
  return { label, ...total, accepted: Object.values(reached).reduce((sum, each) => sum + each, 0), seconds: Math.round(total.seconds), failures };
}

/** Tops users and orders up and gives the ids of the first ones. */
async function fillUp({ signUp, userClient, orderClient }, service) {
  const first = async (client, path) => (await client.call('GET', `${path}?limit=${knownRows}`)).body.items.map(({ id }) => id);
  for (let count = (await first(userClient, '/users')).length; count < knownRows; count++) await signUp();
  const users = await first(userClient, '/users');
  if (service === 'user-service') return { rows: users, users };
  for (let count = (await first(orderClient, '/orders')).length; count < knownRows; count++) {
    await orderClient.call('POST', '/orders', { body: { user_id: users[count], items: [{ product_id: 'fuzz', quantity: 1, price: 1 }] } });
  }
  return { rows: await first(orderClient, '/orders'), users };
}

/** What the service itself counted and logged meanwhile, beside what the fuzz saw. */
async function ownAccount(subject, before) {
  const counted = (await countedFaults(subject)).filter((line) => !before.includes(line));
  const logged = subject.logs.filter(({ level }) => level === 'error' || level === 'fatal');
  return [...counted.map((line) => `the service counted ${line}`), ...logged.slice(0, 10).map((line) => `the service logged ${JSON.stringify(line)}`)];
}

/** Counters of answers of 5xx. While PostgreSQL's schema is migrated at start there are some: not ready. */
async function countedFaults({ url }) {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return metrics.split('\n').filter((line) => /^http_requests_total\{.*status="5\d\d"/.test(line));
}
