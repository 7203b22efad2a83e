import { apiPrefix, type FlowDeclaration, type ServiceDeclaration } from '@berth/service-kit/declaration';
import { isObjectName, longestLabel } from '../kubernetes-names';
import { flowDashboardName } from '../monitoring/flow-dashboard';
import { repeated } from '../repeated';

/** What can't work of the flows that services declare. The dashboards of flows lie beside those of services, each under its name. */
export function flowFaults(services: readonly ServiceDeclaration[]): string[] {
  const dashboards = services.flatMap(({ flows }) => flows.map(flowDashboardName));
  const clashing = new Set(repeated([...services.map(({ name }) => name), ...dashboards]));
  return services.flatMap((service) =>
    service.flows.flatMap((flow) =>
      [...nameFaults(service, flow, clashing), ...stepFaults(service, flow)].map((fault) => `${fault} in services/${service.name}/service.ts`),
    ),
  );
}

const longestName = longestLabel - flowDashboardName({ name: '' }).length;

function nameFaults({ name }: ServiceDeclaration, flow: FlowDeclaration, clashing: ReadonlySet<string>): string[] {
  const dashboard = flowDashboardName(flow);
  const letters = `use lower-case letters, digits and dashes, beginning with a letter, ${longestName} characters at most`;
  if (!isObjectName(flow.name, longestName)) return [`the flow "${flow.name}" of ${name} can't name a dashboard: ${letters}; choose another name`];
  return clashing.has(dashboard) ? [`the dashboard of the flow ${flow.name} of ${name} is called ${dashboard}, as another one is: choose another name`] : [];
}

/** As the label `route` has it: words, and names in braces. */
const route = /^(\/([\w.~-]+|\{\w+\}))+$/;

function stepFaults({ name }: ServiceDeclaration, flow: FlowDeclaration): string[] {
  if (flow.steps.length === 0) return [`the flow ${flow.name} of ${name} has no step, so its dashboard would show nothing: give it steps, or leave it out`];
  return flow.steps
    .filter((step) => !route.test(step.route) || `${step.route}/`.startsWith(`${apiPrefix}/`))
    .map((step) => {
      const cure = `write it as OpenAPI does, without ${apiPrefix}, such as "/users/{id}"`;
      return `the route "${step.route}" of the flow ${flow.name} of ${name} is on no request's label: ${cure},`;
    });
}
