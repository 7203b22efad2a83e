import { commonMetrics, peerMetrics } from '@berth/service-kit/common-metrics';
import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import { seriesOf } from './series';

/** An alerting rule of Prometheus. */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  /** How long the expression holds before somebody is told. */
  readonly for: string;
  /** The namespace is said here too: an expression that sums up, or asks for what is absent, loses its series' own. */
  readonly labels: { readonly severity: 'critical' | 'warning'; readonly service: string; readonly namespace: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string };
}

/** An alert before it knows whose it is and where its runbook is published. */
interface Rule extends Pick<Alert, 'alert' | 'expr' | 'for'> {
  readonly severity: Alert['labels']['severity'];
  readonly annotations: Omit<Alert['annotations'], 'runbook_url'>;
}

const { httpRequests, httpDuration, databaseConnections } = commonMetrics;

/**
 * What is alerted on for one service: what its clients notice, and what they will notice soon.
 *
 * @param namespace - where the service runs: its namesakes in other environments are not looked at
 * @param runbooks - where `docs/runbooks/` is published
 */
export function alertsOf({ name, peers }: ServiceDeclaration, namespace: string, runbooks: string): Alert[] {
  const series = seriesOf(namespace, [name]);
  const rules = [...clientAlerts(name, series), ...processAlerts(name, series), ...(peers.length > 0 ? peerAlerts(name, series) : [])];
  return rules.map(({ severity, annotations, ...rule }) => ({
    ...rule,
    labels: { severity, service: name, namespace },
    annotations: { ...annotations, runbook_url: `${runbooks}/${runbookPage(rule.alert)}` },
  }));
}

/** The page of an alert: `HighErrorRate` is in `high-error-rate.md`. */
function runbookPage(alert: string): string {
  return `${alert.replace(/(?!^)[A-Z]/g, '-$&').toLowerCase()}.md`;
}

function clientAlerts(service: string, series: string): Rule[] {
  const all = `{${series}}`;
  const failed = `{${series},status=~"5.."}`;
  return [
    {
      alert: 'ServiceDown',
      expr: `absent(up${all} == 1)`,
      for: '1m',
      severity: 'critical',
      annotations: {
        summary: `${service} can't be scraped`,
        description: `For a minute no replica of ${service} has answered Prometheus: it is down, or the way to it is shut.`,
      },
    },
    {
      alert: 'HighErrorRate',
      expr: `sum(rate(${httpRequests.name}${failed}[5m])) / sum(rate(${httpRequests.name}${all}[5m])) > 0.05`,
      for: '5m',
      severity: 'critical',
      annotations: {
        summary: `${service} fails {{ $value | humanizePercentage }} of its requests`,
        description: 'More than 5 % of the answers of the last five minutes were 5xx.',
      },
    },
    {
      alert: 'SlowRequests',
      expr: `histogram_quantile(0.99, sum by (le) (rate(${httpDuration.name}_bucket${all}[5m]))) > 1`,
      for: '10m',
      severity: 'warning',
      annotations: {
        summary: `${service} answers slowly: p99 {{ $value | humanizeDuration }}`,
        description: 'One request in a hundred takes more than a second.',
      },
    },
  ];
}

function processAlerts(service: string, series: string): Rule[] {
  return [
    {
      alert: 'DatabaseBusy',
      expr: `max by (pod) (${databaseConnections.name}{${series},state="waiting"}) > 0`,
      for: '5m',
      severity: 'warning',
      annotations: {
        summary: `Requests of ${service} wait for the database`,
        description: 'Every connection of a replica was in use for five minutes: requests are shed with 503.',
      },
    },
    {
      alert: 'RestartsOften',
      expr: `changes(process_start_time_seconds{${series}}[15m]) > 2`,
      for: '0m',
      severity: 'warning',
      annotations: { summary: `${service} restarts again and again`, description: 'A container started three times or more within a quarter of an hour.' },
    },
    {
      alert: 'EventLoopBlocked',
      expr: `max by (pod) (nodejs_eventloop_lag_p99_seconds{${series}}) > 0.25`,
      for: '10m',
      severity: 'warning',
      annotations: {
        summary: `${service} has no CPU time left`,
        description: 'The event loop lags by more than a quarter of a second: too little CPU, or work that blocks.',
      },
    },
  ];
}

function peerAlerts(service: string, series: string): Rule[] {
  const calls = (outcomes: string) => `sum by (peer) (rate(${peerMetrics.requests.name}{${series}${outcomes}}[5m]))`;
  return [
    {
      alert: 'PeerFailing',
      expr: `${calls(',outcome!~"ok|not_found"')} / ${calls('')} > 0.1`,
      for: '5m',
      severity: 'warning',
      annotations: {
        summary: `Calls of ${service} to {{ $labels.peer }} fail`,
        description: 'More than a tenth of the calls of the last five minutes got no good answer.',
      },
    },
    {
      alert: 'CircuitOpen',
      expr: `max by (peer) (${peerMetrics.breaker.name}{${series}}) == 2`,
      for: '2m',
      severity: 'warning',
      annotations: { summary: `${service} has stopped calling {{ $labels.peer }}`, description: 'Its circuit breaker is open: every call is refused at once.' },
    },
  ];
}
