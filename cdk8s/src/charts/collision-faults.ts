import { ApiObject, type Construct } from '../kubernetes';

/** Objects that the API server takes for one: the one that is applied later would replace the other. */
export function collisionFaults(chart: Construct): string[] {
  const objects = chart.node.findAll().filter((construct): construct is ApiObject => ApiObject.isApiObject(construct));
  const byName = Map.groupBy(objects, ({ apiGroup, kind, name, metadata }) => [apiGroup, kind, metadata.namespace, name].join('/'));
  return [...byName.values()]
    .filter(({ length }) => length > 1)
    .map(([first, ...others]) => {
      const paths = [first!, ...others].map(({ node }) => node.path).join(' and ');
      return `${paths} are both the ${first!.kind} ${first!.name}, and one would replace the other: rename the service or the flow that one of them belongs to`;
    });
}
