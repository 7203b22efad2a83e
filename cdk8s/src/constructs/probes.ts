import { k8s } from '../kubernetes';

/**
 * Each probe asks another question:
 * - startup: does it listen yet? A minute, because SQLite migrates first; until then the others don't ask.
 * - liveness: does the process still serve? It touches no dependency, so a database that is down restarts nothing.
 * - readiness: can it work? Its store answers and has the schema; false while it shuts down.
 */
export function probesOf(portName: string): Pick<k8s.Container, 'startupProbe' | 'livenessProbe' | 'readinessProbe'> {
  const get = (path: string) => ({ httpGet: { path, port: k8s.IntOrString.fromString(portName) } });
  return {
    startupProbe: { ...get('/health'), periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 60 },
    livenessProbe: { ...get('/health/live'), periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 3 },
    // readiness waits up to 1 s for the database and for peers
    readinessProbe: { ...get('/health/ready'), periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 },
  };
}
