import type { Registry } from 'prom-client';
import * as z from 'zod';
import type { Answer } from '../http/answer';
import { defineOperation, type Operation } from '../http/operation';
import type { Build } from '../metrics/metrics';
import type { Readiness } from './readiness';

/** What the operations of every service need. */
export interface ServiceOperationsParts {
  readonly build: Build;
  readonly registry: Registry;
  readiness(): Promise<Readiness>;
}

const alive = z.object({ status: z.literal('ok') });

const check = z.object({
  status: z.enum(['ok', 'degraded', 'unavailable']),
  latency_ms: z.number(),
  detail: z.string().optional(),
});

const ready = z.object({ status: z.enum(['ok', 'degraded', 'unavailable']), checks: z.record(z.string(), check) });

const version = z.object({ name: z.string(), version: z.string(), revision: z.string(), node: z.string() });

/** Health, readiness, metrics and version: answered by every service alike. */
export function createServiceOperations({ build, registry, readiness }: ServiceOperationsParts): readonly Operation[] {
  const common = { method: 'get', tag: 'service', problems: [] } as const;
  const live = (path: string, operationId: string) =>
    defineOperation({
      ...common,
      path,
      operationId,
      summary: 'Whether the process serves; touches no dependency',
      answers: { 200: { description: 'It does', body: alive } },
      handle: () => Promise.resolve<Answer>({ status: 200, body: { status: 'ok' } }),
    });
  return [
    live('/health', 'getHealth'),
    live('/health/live', 'getLiveness'),
    defineOperation({
      ...common,
      path: '/health/ready',
      operationId: 'getReadiness',
      summary: 'Whether requests should be sent here: the store, its schema and the peers',
      answers: {
        200: { description: 'Ready, perhaps degraded', body: ready },
        503: { description: 'Not ready', body: ready },
      },
      handle: async () => {
        const body = await readiness();
        return { status: body.status === 'unavailable' ? 503 : 200, body };
      },
    }),
    defineOperation({
      ...common,
      path: '/metrics',
      operationId: 'getMetrics',
      summary: 'Metrics in Prometheus text format',
      answers: { 200: { description: 'All metrics', contentType: registry.contentType } },
      handle: async () => ({ status: 200, content: { type: registry.contentType, data: await registry.metrics() } }),
    }),
    defineOperation({
      ...common,
      path: '/version',
      operationId: 'getVersion',
      summary: 'What runs',
      answers: { 200: { description: 'Name, version, git revision and Node.js version', body: version } },
      handle: () =>
        Promise.resolve<Answer>({
          status: 200,
          body: { name: build.service, version: build.version, revision: build.revision, node: process.version },
        }),
    }),
  ];
}
