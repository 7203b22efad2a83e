// Runs in a pod: sends requests at a fixed rate, whether or not earlier ones are answered, and prints one line of JSON at the end.
// It sends on until the file STOP exists and at least AT_LEAST requests were sent. Nothing is tried again.
//   USERS, ORDERS  base URLs        RATE  requests a second        AT_LEAST  fewest requests
// /tmp/phase names what the cluster is doing; figures are kept apart by it.
import { existsSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const { USERS, ORDERS, RATE, AT_LEAST } = process.env;
// A client that idles longer than the server waits would meet a closed connection: Node heeds the server's hint only where it has a time itself
const kept = new Agent({ keepAlive: true, maxSockets: 60, timeout: 30_000 });
const answers = new Map();
const failures = [];
let phase = 'steady';
let [sent, failed] = [0, 0];

const user = await send(kept, 'POST', `${USERS}/api/v1/users`, {
  body: { email: `load-${Date.now()}@example.com`, name: 'Load' },
  wanted: 201,
  kind: 'set-up',
});
const order = { user_id: user.id, items: [{ product_id: 'lamp', quantity: 1, price: 9.99 }] };
const target = (number) => (number % 2 ? `${USERS}/api/v1/users/${user.id}` : `${ORDERS}/api/v1/orders?limit=1`);

/** The mix: 50 % reads over kept connections, 20 % over new ones, 25 % orders, which cross both services, 5 % bodies sent over three seconds. */
function once(number) {
  const draw = Math.random();
  if (draw < 0.5) return send(kept, 'GET', target(number), { wanted: 200, kind: 'read' });
  if (draw < 0.7) return send(false, 'GET', target(number), { wanted: 200, kind: 'new connection' });
  if (draw < 0.95) return send(kept, 'POST', `${ORDERS}/api/v1/orders`, { body: order, wanted: 201, kind: 'order' });
  return send(kept, 'POST', `${ORDERS}/api/v1/orders`, { body: order, wanted: 201, kind: 'slow body', overMs: 3_000 });
}

const startedAt = performance.now();
const running = new Set();
while (sent < Number(AT_LEAST) || !existsSync('/tmp/stop')) {
  const due = ((performance.now() - startedAt) / 1_000) * Number(RATE);
  while (sent < due) {
    const one = once(sent++).finally(() => running.delete(one));
    running.add(one);
  }
  if (existsSync('/tmp/phase')) phase = readFileSync('/tmp/phase', 'utf8').trim() || phase;
  await sleep(5);
}
await Promise.all(running);
kept.destroy();
console.log(JSON.stringify({ sent, failed, seconds: Math.round((performance.now() - startedAt) / 1_000), failures: failures.slice(0, 40), phases: figures() }));

function figures() {
  const phases = {};
  for (const [key, times] of answers) {
    const [name, kind] = JSON.parse(key);
    times.sort((a, b) => a - b);
    const at = (share) => Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))] * 10) / 10;
    (phases[name] ??= {})[kind] = { count: times.length, p50: at(0.5), p99: at(0.99), max: at(1) };
  }
  return phases;
}

function send(agent, method, url, { body, wanted, kind, overMs }) {
  const payload = body === undefined ? '' : JSON.stringify(body);
  const headers = payload ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) } : {};
  const began = performance.now();
  const during = phase;
  return new Promise((resolve) => {
    const fail = (why) => {
      failed++;
      failures.push({ at: new Date().toISOString(), during, kind, url, why, afterMs: Math.round(performance.now() - began) });
      resolve({});
    };
    const outgoing = request(url, { method, agent, headers, timeout: 15_000 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece) => (text += piece));
      answer.on('error', (error) => fail(error.code ?? error.message));
      answer.on('end', () => {
        if (answer.statusCode !== wanted) return fail(`${answer.statusCode} ${text.slice(0, 200)}`);
        keep(during, kind, performance.now() - began - (overMs ?? 0));
        resolve(text && JSON.parse(text));
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in 15 s')));
    outgoing.on('error', (error) => fail(error.code ?? error.message));
    if (overMs === undefined) outgoing.end(payload);
    else drip(outgoing, payload, overMs);
  });
}

function keep(during, kind, ms) {
  for (const key of [JSON.stringify([during, kind]), JSON.stringify([during, 'all'])]) {
    if (!answers.has(key)) answers.set(key, []);
    answers.get(key).push(ms);
  }
}

/** Ten pieces, the last one at the end of the time. */
async function drip(outgoing, payload, overMs) {
  const cut = (piece) => Math.floor((piece * payload.length) / 10);
  for (let piece = 0; piece < 10 && !outgoing.destroyed; piece++) {
    if (piece > 0) await sleep(overMs / 9);
    outgoing.write(payload.slice(cut(piece), cut(piece + 1)));
  }
  outgoing.end();
}
