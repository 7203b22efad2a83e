// Proves deployed services by their own API: runs the checks that a service declares (`checks` in its service.ts). It leaves no data behind.
//   node run-checks.mjs SERVICE_JSON...     inside the cluster, where a service answers at http://<name>:8000
// Needs nothing but Node.js, so that it also runs in a service's image.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The longest time in milliseconds for one call: above the services' own limits (2.5 s), so that what they answer is seen. */
const callTimeoutMs = 10_000;

/**
 * Runs one check: its steps in turn until one fails, then those that clean up.
 *
 * @param {{ name: string, steps: readonly object[] }} check as declared
 * @param {(service: string) => string} urlOf a service's base URL
 * @returns {Promise<string[]>} what went wrong; nothing when the service is proven
 */
export async function runCheck({ name, steps }, urlOf) {
  const kept = new Map([['unique', randomUUID()]]);
  const faults = [];
  for (const step of steps) {
    if (faults.length > 0 && !step.cleanUp) continue;
    // what was never made needs no removal
    if (faults.length > 0 && missing(step, kept)) continue;
    const fault = await runStep(step, kept, urlOf);
    if (fault !== undefined) faults.push(`${name}: ${step.method} ${step.path} of ${step.service} ${fault}`);
  }
  return faults;
}

async function runStep({ service, method, path, body, status, keep = {} }, kept, urlOf) {
  const url = `${urlOf(service)}${filled(path, kept)}`;
  const content = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(filledIn(body, kept)) };
  try {
    const answer = await fetch(url, { method, ...content, signal: AbortSignal.timeout(callTimeoutMs) });
    const text = await answer.text();
    if (answer.status !== status) return `was answered ${answer.status}, not ${status}: ${text.slice(0, 300)}`;
    return keepFrom(text, keep, kept);
  } catch (error) {
    return `got no answer: ${error.cause?.message ?? error.message}`;
  }
}

/** Keeps members of an answer for the steps after it: each that is there, for those that clean up, and tells of the others. */
function keepFrom(text, keep, kept) {
  if (Object.keys(keep).length === 0) return undefined;
  const answer = parsed(text);
  const absent = [];
  for (const [word, member] of Object.entries(keep)) {
    const value = answer?.[member] ?? undefined;
    if (value === undefined) absent.push(`"${member}"`);
    else kept.set(word, String(value));
  }
  return absent.length === 0 ? undefined : `was answered without ${absent.join(', ')}, which later steps need: ${text.slice(0, 300)}`;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const placeholder = /\{(\w+)\}/g;

function missing({ path }, kept) {
  return [...path.matchAll(placeholder)].some(([, word]) => !kept.has(word));
}

function filled(text, kept) {
  return text.replace(placeholder, (_, word) => kept.get(word) ?? `{${word}}`);
}

/** The texts of a body filled, however deep they lie. */
function filledIn(value, kept) {
  if (typeof value === 'string') return filled(value, kept);
  if (Array.isArray(value)) return value.map((each) => filledIn(each, kept));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([member, each]) => [member, filledIn(each, kept)]));
}

if (import.meta.main) {
  const declarations = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')));
  if (declarations.length === 0) {
    console.error('run-checks: say whose checks: run-checks.mjs SERVICE_JSON...');
    process.exit(64);
  }
  for (const { name, checks } of declarations)
    for (const check of checks) {
      const faults = await runCheck(check, (service) => `http://${service}:8000`);
      console.log(faults.length === 0 ? `${name}: ${check.name}` : `${name}: FAILED\n  ${faults.join('\n  ')}`);
      if (faults.length > 0) process.exitCode = 1;
    }
}
