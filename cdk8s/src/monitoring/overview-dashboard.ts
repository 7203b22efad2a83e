import { commonMetrics } from '@berth/service-kit/common-metrics';
import { type Dashboard, dashboardOf } from './dashboard';
import { quantile, seriesOf } from './panels';

const { httpRequests, httpDuration, httpInFlight, databaseConnections, buildInfo } = commonMetrics;

/** Every service of an environment on one page. */
export function overviewDashboard(services: readonly string[]): Dashboard {
  const jobs = seriesOf(services);
  return dashboardOf('overview', 'Overview', [
    { title: 'Requests', description: httpRequests.help, unit: 'reqps', queries: [[`sum by (job) (rate(${httpRequests.name}{${jobs}}[5m]))`, '{{job}}']] },
    {
      title: 'Errors',
      description: 'Share of answers that are 5xx',
      unit: 'percentunit',
      queries: [[`sum by (job) (rate(${httpRequests.name}{${jobs},status=~"5.."}[5m])) / sum by (job) (rate(${httpRequests.name}{${jobs}}[5m]))`, '{{job}}']],
    },
    {
      title: 'Answer time, p99',
      description: httpDuration.help,
      unit: 's',
      queries: [[quantile(0.99, httpDuration.name, jobs, ['job']), '{{job}}']],
    },
    { title: 'Requests in flight', description: httpInFlight.help, unit: 'short', queries: [[`sum by (job) (${httpInFlight.name}{${jobs}})`, '{{job}}']] },
    {
      title: 'Waiting for the database',
      description: databaseConnections.help,
      unit: 'short',
      queries: [[`sum by (job) (${databaseConnections.name}{${jobs},state="waiting"})`, '{{job}}']],
    },
    {
      title: 'Replicas by version',
      description: buildInfo.help,
      unit: 'short',
      queries: [[`count by (job, version) (${buildInfo.name}{${jobs}})`, '{{job}} {{version}}']],
    },
  ]);
}
