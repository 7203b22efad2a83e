// Runs in a pod: writes orders one after the other, notes which were acknowledged and for how long nothing was, and at the end asks for each of them.
//   USERS, ORDERS  base URLs
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const { USERS, ORDERS } = process.env;
const acknowledged = [];
const gaps = [];
const errors = {};
let longestUntil;
let [tried, lastAnswer] = [0, performance.now()];

const user = JSON.parse((await send('POST', `${USERS}/api/v1/users`, { email: `writer-${Date.now()}@example.com`, name: 'Writer' })).text);
while (!existsSync('/tmp/stop')) {
  tried++;
  const { status, text, error } = await send('POST', `${ORDERS}/api/v1/orders`, { user_id: user.id, product_id: `n${tried}`, quantity: 1 });
  const now = performance.now();
  if (status === 201) {
    acknowledged.push({ id: JSON.parse(text).id, product: `n${tried}` });
    const gap = Math.round(now - lastAnswer);
    if (gap > Math.max(...gaps)) longestUntil = new Date().toISOString();
    if (gap > 1_000) gaps.push(gap);
    lastAnswer = now;
  } else errors[error ?? status] = (errors[error ?? status] ?? 0) + 1;
  await sleep(20);
}
const lost = [];
for (const { id, product } of acknowledged) {
  const { status, text } = await answered(`${ORDERS}/api/v1/orders/${id}`);
  if (status !== 200 || JSON.parse(text).items[0].product_id !== product) lost.push({ id, product, status });
}
console.log(JSON.stringify({ tried, acknowledged: acknowledged.length, lost, gaps, longestUntil, errors }));

/** Asks until there is an answer, for a service that is just starting again. */
async function answered(url) {
  for (let left = 40; left > 0; left--) {
    const reply = await send('GET', url);
    if (reply.status !== undefined && reply.status !== 503) return reply;
    await sleep(500);
  }
  return {};
}

/** Each over a connection of its own, because only new ones are sent to the new pod. */
function send(method, url, body) {
  const payload = body ? JSON.stringify(body) : '';
  const headers = payload ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) } : {};
  return new Promise((resolve) => {
    const outgoing = request(url, { method, headers, agent: new Agent(), timeout: 2_000 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece) => (text += piece));
      answer.on('error', (error) => resolve({ error: error.code ?? error.message }));
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
    });
    outgoing.on('timeout', () => outgoing.destroy(Object.assign(new Error('timeout'), { code: 'no answer in 2 s' })));
    outgoing.on('error', (error) => resolve({ error: error.code ?? error.message }));
    outgoing.end(payload);
  });
}
