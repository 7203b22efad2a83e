import type { ApiReply, Sending } from './api-client';
import { createApiClient } from './api-client';
import { openDatabases, type ServiceName, type StoreKind } from './databases';
import { createOpenApiCheck, readOpenApi } from './openapi-check';
import { startService } from './service-process';

/** One call of a script: method, path, and what it carries. */
export type ScriptedCall = readonly [method: string, path: string, sending?: Sending];

/**
 * Plays a script, call after call, on a new service with a new database, and writes down every answer, three lines a call: what was
 * sent, status and telling headers, and the body's JSON. Times and request ids are replaced by words; types and member order stay as they came.
 */
export async function playScript(name: ServiceName, kind: StoreKind, script: readonly ScriptedCall[], env: Record<string, string> = {}): Promise<string> {
  const databases = await openDatabases(kind);
  const process = await startService(name, { ...(await databases.fresh(name)), ...env });
  const api = createApiClient<unknown>(process.url, createOpenApiCheck(await readOpenApi(process.url)));
  try {
    const transcript: string[] = [];
    for (const [method, path, sending = {}] of script) transcript.push(entryOf(method, path, sending, await api.send(method, path, sending)));
    return transcript.join('\n\n');
  } finally {
    api.close();
    await process.stop();
    await databases.dispose();
  }
}

function entryOf(method: string, path: string, { body, raw, headers = {} }: Sending, reply: ApiReply<unknown>): string {
  const sent = [`${method} ${path}`, ...pairs(headers), raw ?? (body === undefined ? '' : JSON.stringify(body))];
  const got = [String(reply.status), ...pairs(Object.fromEntries(telling.map((name) => [name, reply.headers[name]])))];
  return [sent, got, [withoutChanging(reply.text)]].map((line) => line.filter((part) => part !== '').join(' ')).join('\n');
}

/** Headers that depend on the call; those of every answer have tests of their own. */
const telling = ['content-type', 'location', 'etag', 'link', 'allow', 'cache-control', 'idempotency-replayed', 'retry-after'];

function pairs(headers: NonNullable<Sending['headers']>): string[] {
  return Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [`[${name}: ${String(value)}]`]));
}

function withoutChanging(text: string): string {
  return text.replaceAll(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/g, '"<time>"').replaceAll(/"request_id":"[^"]+"/g, '"request_id":"<id>"');
}
