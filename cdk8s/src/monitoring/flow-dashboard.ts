import { commonMetrics } from '@berth/service-kit/common-metrics';
import type { FlowDeclaration, FlowStep, ServiceDeclaration } from '@berth/service-kit/declaration';
import { type Dashboard, dashboardOf, type Panel } from './dashboard';
import { databasePanels, peerPanels, quantile } from './panels';
import { seriesOf } from './series';

const { httpRequests, httpDuration } = commonMetrics;

/** What a flow's dashboard is called, beside those of the services. */
export function flowDashboardName({ name }: Pick<FlowDeclaration, 'name'>): string {
  return `${name}-flow`;
}

/** One flow from step to step: where it narrows, where it is slow, and the calls and databases behind it. */
export function flowDashboard(namespace: string, flow: FlowDeclaration, declarations: readonly ServiceDeclaration[]): Dashboard {
  const { title, steps } = flow;
  const services = declarations.filter((declaration) => steps.some(({ service }) => service === declaration.name));
  const seriesIn = (step: FlowStep) => `${seriesOf(namespace, [step.service])},method="${step.method}",route="${step.route}"`;
  const answered = (step: FlowStep, status: string) => `sum(rate(${httpRequests.name}{${seriesIn(step)},status=~"${status}"}[5m]))`;
  return dashboardOf(namespace, { name: flowDashboardName(flow), title }, [
    stepPanel(steps, 'Done', 'Requests of each step that were answered with 2xx', 'reqps', (step) => answered(step, '2..')),
    stepPanel(steps, 'Refused', 'Requests of each step that were answered with 4xx', 'reqps', (step) => answered(step, '4..')),
    stepPanel(steps, 'Failed', 'Requests of each step that were answered with 5xx', 'reqps', (step) => answered(step, '5..')),
    stepPanel(steps, 'Answer time, p99', httpDuration.help, 's', (step) => quantile(0.99, httpDuration.name, seriesIn(step))),
    ...peerPanels(namespace, services),
    ...databasePanels(namespace, services),
  ]);
}

function stepPanel(steps: readonly FlowStep[], title: string, description: string, unit: Panel['unit'], expressionOf: (step: FlowStep) => string): Panel {
  return { title, description, unit, queries: steps.map((step) => [expressionOf(step), `${step.method} ${step.route} of ${step.service}`] as const) };
}
