import type { ServiceDeclaration } from '@berth/service-kit/declaration';
import type { Values } from '../environment';
import type { k8s } from '../kubernetes';
import { secretVolume } from './pod';

const folder = '/run/secrets/service';

/** A service's own secret variables: those of every service belong to the database. */
export function secretVariables({ configuration }: ServiceDeclaration): string[] {
  return Object.entries(configuration)
    .filter(([, variable]) => variable.secret)
    .map(([name]) => name);
}

/** The Secret that holds them, a key each. */
export function serviceSecretName({ name }: ServiceDeclaration): string {
  return `${name}-secrets`;
}

/** The secret variables as files: in an environment variable they would show in `kubectl describe` and in every child process. */
export function secretFiles(declaration: ServiceDeclaration): { values: Values; volumes: k8s.Volume[]; mounts: k8s.VolumeMount[] } {
  const names = secretVariables(declaration);
  if (names.length === 0) return { values: {}, volumes: [], mounts: [] };
  return {
    values: Object.fromEntries(names.map((name) => [`${name}_FILE`, `${folder}/${name}`])),
    volumes: [secretVolume('secrets', serviceSecretName(declaration))],
    mounts: [{ name: 'secrets', mountPath: folder, readOnly: true }],
  };
}
