import { type Construct, JsonPatch, k8s } from '../kubernetes';
import { keepAnnotations } from './labels';

/** The rules of this version, so that an upgrade of the cluster refuses nothing that ran; an older cluster takes the newest it knows. */
const podSecurityVersion = 'v1.34';

/** What an environment's namespace is called. */
export function namespaceOf(environment: string): string {
  return `berth-${environment}`;
}

/** The namespace of an environment: a pod that isn't hardened is refused, and whoever applies it is warned. It is kept with the data in it. */
export class RestrictedNamespace extends k8s.KubeNamespace {
  constructor(scope: Construct, name: string) {
    const modes = ['enforce', 'audit', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}`);
    const rules = Object.fromEntries(modes.flatMap((mode) => [[mode, 'restricted'] as const, [`${mode}-version`, podSecurityVersion] as const]));
    super(scope, 'namespace', { metadata: { name, labels: { 'app.kubernetes.io/part-of': 'berth', ...rules }, annotations: { ...keepAnnotations } } });
    // the chart puts its namespace into every object
    this.addJsonPatch(JsonPatch.remove('/metadata/namespace'));
  }
}
