import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds for one answer. */
export const answerTimeoutMs = 10_000;

/** Milliseconds between two looks. */
const pauseMs = 500;

/** What is wrong with a page; nothing when it is well. @param settleMs - how long it may take to become well, in milliseconds @param signal - ends that */
export async function lookAt(
  url: string,
  faultOf: (answer: Response) => Promise<string | undefined>,
  { settleMs, signal }: { readonly settleMs: number; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const until = performance.now() + settleMs;
  for (;;) {
    const fault = await lookOnce(url, faultOf);
    if (fault === undefined) return [];
    if (signal.aborted || performance.now() + pauseMs > until) return [fault];
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

async function lookOnce(url: string, faultOf: (answer: Response) => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await faultOf(await fetch(url, { signal: AbortSignal.timeout(answerTimeoutMs) }));
  } catch (error) {
    const { message, cause } = error as Error;
    return `got no answer: ${(cause as Error | undefined)?.message ?? message}`;
  }
}
