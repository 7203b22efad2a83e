import type { MetricDeclaration } from '../declaration';

/** The metrics that every service has, beside process_* and nodejs_* of prom-client. Documented in `docs/metrics.md`. */
export const commonMetrics = {
  httpRequests: {
    name: 'http_requests_total',
    type: 'counter',
    help: 'Requests answered',
    labels: ['method', 'route', 'status'],
  },
  httpDuration: {
    name: 'http_request_duration_seconds',
    type: 'histogram',
    help: 'Time from the first byte of a request to its answer',
    labels: ['method', 'route', 'status'],
  },
  httpInFlight: {
    name: 'http_requests_in_flight',
    type: 'gauge',
    help: 'Requests being answered now',
    labels: [],
  },
  databaseDuration: {
    name: 'db_query_duration_seconds',
    type: 'histogram',
    help: 'Time of a statement, waiting for a connection or a batch included',
    labels: ['statement'],
  },
  databaseConnections: {
    name: 'db_pool_connections',
    type: 'gauge',
    help: 'Connections to the database, and requests that wait for one',
    labels: ['state'],
  },
  buildInfo: {
    name: 'build_info',
    type: 'gauge',
    help: 'Always 1; the labels tell what runs',
    labels: ['service', 'version', 'revision', 'node'],
  },
} as const satisfies Record<string, MetricDeclaration>;

/** The metrics of a service that calls peers. */
export const peerMetrics = {
  requests: {
    name: 'external_requests_total',
    type: 'counter',
    help: 'Calls to peers, all tries of one call counted once',
    labels: ['peer', 'method', 'outcome'],
  },
  duration: {
    name: 'external_request_duration_seconds',
    type: 'histogram',
    help: 'Time of a call to a peer, all its tries together',
    labels: ['peer', 'method', 'outcome'],
  },
  retries: {
    name: 'external_request_retries_total',
    type: 'counter',
    help: 'Tries after the first of a call',
    labels: ['peer', 'method'],
  },
  breaker: {
    name: 'circuit_breaker_state',
    type: 'gauge',
    help: '0 closed, 1 half open, 2 open',
    labels: ['peer'],
  },
} as const satisfies Record<string, MetricDeclaration>;
