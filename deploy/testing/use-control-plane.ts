import { controlPlaneMissing, type ControlPlane, findControlPlane, startControlPlane } from './control-plane';
import { PodStandIn } from './pod-stand-in';

/** A control plane for all tests of a file, with a stand-in for its nodes. */
export interface TestPlane {
  readonly plane: ControlPlane;
  /** A new namespace, and its name. */
  namespace(): Promise<string>;
}

const namespaces = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };

/**
 * Describes tests that need an API server; where there is none they are skipped by name, with what they need.
 *
 * @param body - gets a way to the control plane, which is there once a test runs
 */
export function describeWithControlPlane(name: string, body: (at: () => TestPlane) => void): void {
  if (findControlPlane() === undefined) {
    if (process.env['KUBEBUILDER_ASSETS'] !== undefined) throw new Error(controlPlaneMissing);
    return describe.skip(`${name} (${controlPlaneMissing})`, () => body(() => undefined as never));
  }
  describe(name, () => {
    let started: { readonly test: TestPlane; stop(): Promise<void> };
    beforeAll(async () => void (started = await start()), 90_000);
    afterAll(() => started.stop());
    body(() => started.test);
  });
}

async function start() {
  const plane = await startControlPlane();
  const cluster = plane.connect();
  const standIn = new PodStandIn(plane.connect());
  let count = 0;
  const namespace = async () => {
    const name = `test-${++count}`;
    await cluster.create({ resource: namespaces, name }, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    return name;
  };
  const stop = async () => {
    await standIn.stop();
    cluster.connection.close();
    await plane.dispose();
  };
  return { test: { plane, namespace }, stop };
}
