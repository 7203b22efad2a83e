// Runs as it is in a container too, where Node.js strips the types: nothing but erasable syntax, and no import but of Node.js.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** One call of a check. `{name}` in the path and in the body's texts is replaced by what was kept under that name; `{unique}` by a fresh word. */
export interface CheckStep {
  /** The Service that is called. */
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** The status that is expected. */
  readonly status: number;
  /** Members of the answer to keep for later steps: name to member. */
  readonly keep?: Readonly<Record<string, string>>;
  /** Removes what the check made: carried out at the end, whatever failed before. */
  readonly cleanUp?: boolean;
}

/** A way to prove a deployed service by its own API, as manifests declare it in the annotation `berth.dev/checks`. */
export interface Check {
  readonly name: string;
  readonly steps: readonly CheckStep[];
}

/** The longest time in milliseconds for one call: above the services' own limits (2.5 s), so that what they answer is seen. */
const callTimeoutMs = 10_000;

/** Milliseconds for which a clean-up is tried again: a limit of requests a minute is over by then. */
const cleanUpMs = 75_000;

/** Milliseconds between two tries of a clean-up, where the service says nothing of it. */
const pauseMs = 1_000;

/**
 * Runs one check: its steps in turn until one fails, then those that clean up. It leaves no data behind: a
 * clean-up that the service refuses for now is tried again for 75 s, and what could not be removed at all is told.
 *
 * @param urlOf - a Service's base URL
 * @param signal - when it is aborted nothing is done any more but the cleaning up
 * @returns what went wrong; nothing when the service is proven
 */
export async function runCheck({ name, steps }: Check, urlOf: (service: string) => Promise<string> | string, signal?: AbortSignal): Promise<string[]> {
  const kept = new Map([['unique', randomUUID()]]);
  const faults: string[] = [];
  for (const step of steps) {
    if (signal?.aborted && faults.length === 0) faults.push(`${name}: stopped before ${step.method} ${step.path}`);
    if (faults.length > 0 && !step.cleanUp) continue;
    // what was never made needs no removal
    if (faults.length > 0 && isMissing(step, kept)) continue;
    const fault = step.cleanUp ? await cleanUp(step, kept, urlOf) : (await runStep(step, kept, urlOf))?.fault;
    if (fault !== undefined) faults.push(`${name}: ${step.method} ${step.path} of ${step.service} ${fault}`);
  }
  return faults;
}

type UrlOf = (service: string) => Promise<string> | string;

/** What went wrong, and whether it may go well later. */
interface StepFault {
  readonly fault: string;
  /** Milliseconds until it may be tried again; nothing when that is of no use. */
  readonly retryAfterMs?: number;
}

async function cleanUp(step: CheckStep, kept: Map<string, string>, urlOf: UrlOf): Promise<string | undefined> {
  const until = performance.now() + cleanUpMs;
  for (;;) {
    const result = await runStep(step, kept, urlOf);
    if (result === undefined) return undefined;
    const { fault, retryAfterMs } = result;
    if (retryAfterMs === undefined || performance.now() + retryAfterMs > until) return `${fault}, so ${filled(step.path, kept)} is left behind`;
    await sleep(retryAfterMs);
  }
}

async function runStep(step: CheckStep, kept: Map<string, string>, urlOf: UrlOf): Promise<StepFault | undefined> {
  const { service, method, path, body, status, keep = {} } = step;
  const content = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(filledIn(body, kept)) };
  try {
    const url = `${await urlOf(service)}${filled(path, kept)}`;
    const answer = await fetch(url, { method, ...content, signal: AbortSignal.timeout(callTimeoutMs) });
    const text = await answer.text();
    if (answer.status !== status) return { fault: `was answered ${answer.status}, not ${status}: ${text.slice(0, 300)}`, ...laterAfter(answer) };
    const fault = keepFrom(text, keep, kept);
    return fault === undefined ? undefined : { fault };
  } catch (error) {
    const { message, cause } = error as Error;
    return { fault: `got no answer: ${(cause as Error | undefined)?.message ?? message}`, retryAfterMs: pauseMs };
  }
}

/** Too many requests, or nothing that could answer for now. */
function laterAfter({ status, headers }: Response): Partial<StepFault> {
  if (![429, 502, 503, 504].includes(status)) return {};
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return { retryAfterMs: seconds > 0 ? seconds * 1_000 : pauseMs };
}

/** Keeps members of an answer for the steps after it: each that is there, for those that clean up, and tells of the others. */
function keepFrom(text: string, keep: Readonly<Record<string, string>>, kept: Map<string, string>): string | undefined {
  if (Object.keys(keep).length === 0) return undefined;
  const answer = parsed(text);
  const absent: string[] = [];
  for (const [word, member] of Object.entries(keep)) {
    const value = answer?.[member] ?? undefined;
    if (value === undefined) absent.push(`"${member}"`);
    else kept.set(word, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return absent.length === 0 ? undefined : `was answered without ${absent.join(', ')}, which later steps need: ${text.slice(0, 300)}`;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

const placeholder = /\{(\w+)\}/g;

function isMissing({ path }: CheckStep, kept: ReadonlyMap<string, string>): boolean {
  return [...path.matchAll(placeholder)].some(([, word]) => !kept.has(word!));
}

function filled(text: string, kept: ReadonlyMap<string, string>): string {
  return text.replace(placeholder, (whole, word: string) => kept.get(word) ?? whole);
}

/** The texts of a body filled, however deep they lie. */
function filledIn(value: unknown, kept: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return filled(value, kept);
  if (Array.isArray(value)) return value.map((each) => filledIn(each, kept));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([member, each]) => [member, filledIn(each, kept)]));
}
