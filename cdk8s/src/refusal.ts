import type { Construct } from './kubernetes';

/** The manifests would not work: nothing is written. Every fault is told, each with its construct's path and the cure. */
export class SynthRefused extends Error {
  override readonly name = 'SynthRefused';

  /** @param faults - one sentence a fault, `<path>: <what is wrong>: <the cure>` */
  constructor(readonly faults: readonly string[]) {
    super(`${faults.length} fault${faults.length === 1 ? '' : 's'}, nothing was written:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  }
}

/** Lets a construct say what can't work in it. Called once everything is built, so a rule may look at other constructs. */
export function refuse(construct: Construct, faults: () => readonly string[]): void {
  construct.node.addValidation({ validate: () => [...faults()] });
}

/** Every fault of a construct and all below it, in the order of the tree. */
export function faultsIn(root: Construct): string[] {
  return root.node.findAll().flatMap((construct) => construct.node.validate().map((fault) => `${construct.node.path}: ${fault}`));
}
