import { commonMetrics } from '@berth/service-kit/common-metrics';
import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import { type Dashboard, dashboardOf } from './dashboard';
import { databasePanels, peerPanels, seriesOf } from './panels';

const { httpRequests } = commonMetrics;

/** What the services of an environment lean on: each other, and their databases. */
export function dependenciesDashboard(services: readonly ServiceDeclaration[]): Dashboard {
  const all = seriesOf(services.map(({ name }) => name));
  return dashboardOf('dependencies', 'Dependencies', [
    ...peerPanels(services),
    ...databasePanels(services),
    {
      title: 'Answers that blame a dependency',
      description: '502: a peer that answers nonsense; 503: a peer or the database that is away or too late; 507: a full disk',
      unit: 'reqps',
      queries: [[`sum by (job, status) (rate(${httpRequests.name}{${all},status=~"502|503|507"}[5m]))`, '{{job}} {{status}}']],
    },
    {
      title: 'Replicas that answer',
      description: 'Replicas whose metrics Prometheus can read',
      unit: 'short',
      queries: [[`sum by (job) (up{${all}})`, '{{job}}']],
    },
  ]);
}
