/** A pod that does nothing by itself: somebody to run a program in, or to knock at others' doors. */
export interface ProbePod {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Its files are in /programs. */
  readonly configMap?: string;
}

/** The manifest, hardened so that a namespace which enforces `restricted` admits it. */
export function hardenedPod({ name, namespace, labels, configMap }: ProbePod): object {
  const container = {
    name: 'probe',
    image: 'node:24-bookworm-slim',
    imagePullPolicy: 'IfNotPresent',
    command: ['sleep', 'infinity'],
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true },
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }, ...(configMap ? [{ name: 'programs', mountPath: '/programs' }] : [])],
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 10_001, runAsGroup: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [container],
      volumes: [{ name: 'tmp', emptyDir: {} }, ...(configMap ? [{ name: 'programs', configMap: { name: configMap } }] : [])],
    },
  };
}
