import { type Construct, JsonPatch, k8s } from '../kubernetes';
import { annotationPrefix, keepAnnotations } from './labels';

/** The rules of this version, so that an upgrade of the cluster refuses nothing that ran; an older cluster takes the newest it knows. */
const podSecurityVersion = 'v1.34';

/** What an environment's namespace is called. */
export function namespaceOf(environment: string): string {
  return `berth-${environment}`;
}

/**
 * The namespace of an environment: a pod that isn't hardened is refused, and whoever applies it is warned. It is kept with the data in it.
 * Where pods read Secrets it says the command that makes them, which `berth` tells where one is missing.
 */
export class RestrictedNamespace extends k8s.KubeNamespace {
  constructor(scope: Construct, environment: string, readsSecrets: boolean) {
    const modes = ['enforce', 'audit', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}`);
    const rules = Object.fromEntries(modes.flatMap((mode) => [[mode, 'restricted'] as const, [`${mode}-version`, podSecurityVersion] as const]));
    const command = `npm run --silent secrets -- --env ${environment} | kubectl create -f -`;
    const annotations = { ...keepAnnotations, ...(readsSecrets && { [`${annotationPrefix}/make-secrets`]: command }) };
    super(scope, 'namespace', {
      metadata: { name: namespaceOf(environment), labels: { 'app.kubernetes.io/part-of': 'berth', ...rules }, annotations },
    });
    // the chart puts its namespace into every object
    this.addJsonPatch(JsonPatch.remove('/metadata/namespace'));
  }
}
