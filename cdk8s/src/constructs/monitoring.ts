import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import type { MonitoringSettings } from '../environment';
import { ApiObject, type Construct, k8s } from '../kubernetes';
import { alertsOf } from '../monitoring/alerts';
import type { Dashboard } from '../monitoring/dashboard';
import { dependenciesDashboard } from '../monitoring/dependencies-dashboard';
import { flowDashboard } from '../monitoring/flow-dashboard';
import { overviewDashboard } from '../monitoring/overview-dashboard';
import { serviceDashboard } from '../monitoring/service-dashboard';
import { refuse } from '../refusal';
import { metricFaults } from '../monitoring/service-metrics';
import { labelsOf, selectorOf } from './labels';
import { portName } from './service-deployment';

type Operators = NonNullable<MonitoringSettings['operators']>;

/** How Prometheus' operator finds a service, what it alerts on, and the service's dashboard. */
export function monitorService(scope: Construct, declaration: ServiceDeclaration, { labels, dashboardLabels, runbooks }: Operators): void {
  const { name } = declaration;
  const metadata = { name, labels: { ...labelsOf(name, 'server'), ...labels } };
  const monitor = new ApiObject(scope, 'service-monitor', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata,
    spec: { selector: { matchLabels: selectorOf(name, 'server') }, endpoints: [{ port: portName, path: '/metrics', interval: '15s' }] },
  });
  new ApiObject(scope, 'alerts', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata,
    spec: { groups: [{ name, rules: alertsOf(declaration, runbooks) }] },
  });
  dashboardConfigMap(scope, 'dashboard', name, serviceDashboard(declaration), dashboardLabels);
  refuse(monitor, () => metricFaults(declaration));
}

/** Dashboards about all services of an environment, by name. */
export const sharedDashboards = ['overview', 'dependencies'];

/** The dashboards about more than one service: all of them, what they depend on, and the flows through them. */
export function monitorTogether(scope: Construct, declarations: readonly ServiceDeclaration[], { dashboardLabels }: Operators): void {
  dashboardConfigMap(scope, 'overview', 'overview', overviewDashboard(declarations.map(({ name }) => name)), dashboardLabels);
  dashboardConfigMap(scope, 'dependencies', 'dependencies', dependenciesDashboard(declarations), dashboardLabels);
  for (const flow of declarations.flatMap(({ flows }) => flows))
    dashboardConfigMap(scope, flow.name, flow.name, flowDashboard(flow, declarations), dashboardLabels);
}

/** A dashboard that Grafana's sidecar picks up by its label. */
function dashboardConfigMap(scope: Construct, id: string, name: string, dashboard: Dashboard, labels: Readonly<Record<string, string>>): void {
  new k8s.KubeConfigMap(scope, id, {
    metadata: { name: `dashboard-${name}`, labels: { 'app.kubernetes.io/part-of': 'berth', ...labels } },
    data: { [`${name}.json`]: `${JSON.stringify(dashboard, null, 2)}\n` },
  });
}
