import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import type { MonitoringSettings } from '../environment';
import { ApiObject, type Construct, k8s } from '../kubernetes';
import { alertsOf } from '../monitoring/alerts';
import type { Dashboard } from '../monitoring/dashboard';
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

/** A dashboard that Grafana's sidecar picks up by its label. */
export function dashboardConfigMap(scope: Construct, id: string, name: string, dashboard: Dashboard, labels: Readonly<Record<string, string>>): void {
  new k8s.KubeConfigMap(scope, id, {
    metadata: { name: `dashboard-${name}`, labels: { 'app.kubernetes.io/part-of': 'berth', ...labels } },
    data: { [`${name}.json`]: `${JSON.stringify(dashboard, null, 2)}\n` },
  });
}
