import { get as getByHttp } from 'node:http';
import { get as getByTls } from 'node:https';
import { text as textOf } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './answers';

/** Milliseconds for one answer. */
export const answerTimeoutMs = 10_000;

/** Milliseconds between two looks. */
const pauseMs = 500;

/** The kubelet asks pods by their addresses, and looks at no certificate. */
const tls = { rejectUnauthorized: false, servername: '' };

/** Asks as the kubelet does: with the probe's own headers, whatever the certificate, and a redirect is an answer. */
export async function probed(url: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? getByTls : getByHttp;
    const asked = get(url, { headers: { connection: 'close', ...headers }, signal: AbortSignal.timeout(answerTimeoutMs), ...tls }, (answer) => {
      textOf(answer).then((text) => resolve({ status: answer.statusCode!, text }), reject);
    });
    asked.on('error', reject);
  });
}

/** Asks as Prometheus does, which follows redirects. */
export async function scraped(url: string): Promise<Answer> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(answerTimeoutMs) });
  return { status: answer.status, text: await answer.text() };
}

/** What is wrong with a page; nothing when it is well. @param settleMs - how long it may take to become well, in milliseconds @param signal - ends that */
export async function lookAt(
  ask: () => Promise<Answer>,
  faultOf: (answer: Answer) => string | undefined,
  { settleMs, signal }: { readonly settleMs: number; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const until = performance.now() + settleMs;
  for (;;) {
    const fault = await lookOnce(ask, faultOf);
    if (fault === undefined) return [];
    if (signal.aborted || performance.now() + pauseMs > until) return [fault];
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

async function lookOnce(ask: () => Promise<Answer>, faultOf: (answer: Answer) => string | undefined): Promise<string | undefined> {
  try {
    return faultOf(await ask());
  } catch (error) {
    const { message, cause } = error as Error;
    return `got no answer: ${(cause as Error | undefined)?.message ?? message}`;
  }
}
