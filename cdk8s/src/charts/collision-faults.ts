import { ApiObject, type Construct } from '../kubernetes';

/** Who makes an object of a name, and where. */
interface Claim {
  readonly id: string;
  readonly what: string;
  readonly path: string;
}

/** Objects that the API server takes for one: the one that is applied later would replace the other. */
export function collisionFaults(chart: Construct): string[] {
  const objects = chart.node.findAll().filter((construct): construct is ApiObject => ApiObject.isApiObject(construct));
  const byId = Map.groupBy(objects.flatMap(claimsOf), ({ id }) => id);
  return [...byId.values()]
    .filter(({ length }) => length > 1)
    .map((claims) => {
      const paths = claims.map(({ path }) => path).join(' and ');
      return `${paths} both make the ${claims[0]!.what}, and one would replace the other: rename the service or the flow that one of them belongs to`;
    });
}

/** What CloudNativePG makes beside a cluster's pods: https://cloudnative-pg.io/documentation/current/service_management/ */
const clusterServices = ['rw', 'ro', 'r'];

function claimsOf({ apiGroup, kind, name, metadata, node }: ApiObject): Claim[] {
  const claim = (group: string, itsKind: string, itsName: string) => ({
    id: [group, itsKind, metadata.namespace, itsName].join('/'),
    what: `${itsKind} ${itsName}`,
    path: node.path,
  });
  const made = apiGroup === 'postgresql.cnpg.io' ? clusterServices.map((suffix) => claim('core', 'Service', `${name}-${suffix}`)) : [];
  return [claim(apiGroup, kind, name), ...made];
}
