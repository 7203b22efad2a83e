import { hardenedPod } from './probe-pod';

/** A pod with a program that serves, and where it is ready. */
export interface ServerPod {
  readonly name: string;
  readonly namespace: string;
  /** JavaScript for `node -e`. */
  readonly program: string;
  /** It is ready when this port takes connections. */
  readonly port: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** The manifest. */
export function serverPod({ name, namespace, program, port, labels = {} }: ServerPod): object {
  const pod = hardenedPod({ name, namespace, labels }) as { spec: { containers: object[] } };
  const [container] = pod.spec.containers;
  const serving = {
    ...container,
    command: ['node', '-e', program],
    ports: [{ name: 'http', containerPort: port }],
    readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
  };
  return { ...pod, spec: { ...pod.spec, terminationGracePeriodSeconds: 1, containers: [serving] } };
}
