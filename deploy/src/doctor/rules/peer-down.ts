import { connectionsOf, isDatabase } from '../connections';
import { downFinding } from '../dependencies';
import type { Rule } from '../verdict';

/** A peer that a workload talks to, and that does not answer. */
export const peerDown: Rule = {
  name: 'peer-down',
  look: (scene) => connectionsOf(scene).flatMap((connection) => (isDatabase(connection) ? [] : (downFinding(scene, connection) ?? []))),
};
