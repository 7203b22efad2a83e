import type { Environment } from '../environment';
import { minimumReplicas, type ServiceSettings } from '../settings';

/** What an environment says and nothing would heed. */
export function ignoredFaults({ services: listed, overrides, disruption, store }: Environment, services: readonly ServiceSettings[]): string[] {
  const absent = Object.keys(overrides).filter((name) => listed !== 'all' && !listed.includes(name));
  return [
    ...absent.map((name) => `"overrides" is about ${name}, which isn't deployed here: add ${name} to "services", or leave the override out`),
    ...services.flatMap((settings) => {
      const { name } = settings.declaration;
      const idle = store.kind === 'sqlite' ? ['DATABASE_POOL_SIZE', 'PostgreSQL'] : [settings.declaration.store.pathVariable, 'SQLite'];
      const override = overrides[name] ?? {};
      return [
        ...(override.maximumReplicas !== undefined && typeof settings.replicas === 'number'
          ? [
              `maximumReplicas of ${name} bounds an autoscaler, and its replicas are always ${settings.replicas}: give "replicas" a minimum, or leave maximumReplicas out`,
            ]
          : []),
        ...(Object.hasOwn(settings.values, idle[0]!) ? [`"configuration" of ${name} has ${idle[0]}, which only ${idle[1]} heeds: leave it out`] : []),
        ...(override.disruption && minimumReplicas(settings) <= 1 ? [`"disruption" of ${name} ${needsReplicas}`] : []),
      ];
    }),
    ...(disruption && services.length > 0 && services.every((settings) => minimumReplicas(settings) <= 1) ? [`"disruption" ${needsReplicas}`] : []),
  ];
}

const needsReplicas = 'says how many of several replicas may go at once, and there is one: run more replicas, or leave it out';
