import { Agent, get } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * A worker thread that asks for `urls` in turn, `perSecond` times a second, until told to stop. It has an event loop of
 * its own, so the times that it measures hold nothing of what the attack costs the attacker.
 *
 * Posts, for each message `take`, the times in milliseconds since the one before, by URL; `NaN` for a wrong answer.
 */
const { urls, perSecond } = workerData as { urls: string[]; perSecond: number };
const agent = new Agent({ keepAlive: true });
let times: number[][] = urls.map(() => []);
let asked = 0;
const startedAtMs = performance.now();

const ticking = setInterval(() => {
  const due = ((performance.now() - startedAtMs) / 1000) * perSecond;
  for (; asked < due; asked++) read(asked % urls.length);
}, 2);

parentPort!.on('message', (what: 'take' | 'stop') => {
  if (what === 'take') {
    parentPort!.postMessage(times);
    times = urls.map(() => []);
    return;
  }
  clearInterval(ticking);
  agent.destroy();
  parentPort!.close();
});

function read(which: number): void {
  const askedAtMs = performance.now();
  const into = times[which]!;
  const over = (status?: number) => into.push(status === 200 ? performance.now() - askedAtMs : NaN);
  get(urls[which]!, { agent }, (answer) => {
    answer
      .resume()
      .on('end', () => over(answer.statusCode))
      .on('error', () => over());
  }).on('error', () => over());
}
