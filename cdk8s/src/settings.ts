import { variablesOf } from '@berth/service-kit/configuration';
import type { ResourcesDeclaration, ServiceDeclaration } from '@berth/service-kit/declaration';
import type { Autoscaled, Disruption, Environment, Values } from './environment';

/** What one service gets in one environment: the declaration, the environment and its override put together. */
export interface ServiceSettings {
  readonly declaration: ServiceDeclaration;
  readonly replicas: number | Autoscaled;
  /** Most replicas at any time, but for those that a rolling update adds. */
  readonly maximumReplicas: number;
  readonly strategy: 'Recreate' | 'RollingUpdate';
  readonly disruption: Disruption;
  readonly resources: ResourcesDeclaration;
  /** Variables that the environment sets, the override's over everybody's. */
  readonly values: Values;
}

/** Puts a service's settings together; nothing is judged here. */
export function settingsOf(declaration: ServiceDeclaration, environment: Environment): ServiceSettings {
  const override = environment.overrides[declaration.name] ?? {};
  const replicas = override.replicas ?? environment.replicas;
  return {
    declaration,
    replicas,
    maximumReplicas: typeof replicas === 'number' ? replicas : (override.maximumReplicas ?? declaration.scaling.maximumReplicas),
    strategy: environment.strategy ?? (environment.store.kind === 'sqlite' ? 'Recreate' : 'RollingUpdate'),
    disruption: override.disruption ?? environment.disruption ?? { maxUnavailable: 1 },
    resources: { ...declaration.resources, ...override.resources },
    values: { ...environment.configuration, ...override.configuration },
  };
}

/** Fewest replicas that are meant to run. */
export function minimumReplicas({ replicas }: ServiceSettings): number {
  return typeof replicas === 'number' ? replicas : replicas.minimum;
}

/** Whether another pod may serve while one comes or goes. */
export function hasOthers({ strategy, maximumReplicas }: ServiceSettings): boolean {
  return strategy === 'RollingUpdate' || maximumReplicas > 1;
}

/** Pods that a rolling update adds beside the replicas. */
export const maximumSurge = 1;

/** A variable's value in this environment, or its default; the services take an empty value as unset too. */
export function valueOf({ declaration, values }: ServiceSettings, variable: string): string | number | boolean | undefined {
  const value = values[variable];
  return value === undefined || value === '' ? variablesOf(declaration)[variable]?.default : value;
}
