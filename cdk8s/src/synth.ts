import { Stack, type StackParts } from './charts/stack';
import { unbuildableFaults } from './charts/environment-faults';
import { type Files, folderOf } from './charts/folder';
import { sizeFaults } from './charts/size-faults';
import { App } from './kubernetes';
import { faultsIn, SynthRefused } from './refusal';

/**
 * Writes nothing: gives the files of one environment's folder.
 *
 * @throws SynthRefused with every fault, when the manifests could not work
 */
export function synthesize(parts: StackParts): Files {
  const unbuildable = unbuildableFaults(parts.environment);
  if (unbuildable.length > 0) throw new SynthRefused(unbuildable);
  const app = new App();
  const stack = new Stack(app, parts);
  const faults = faultsIn(app);
  if (faults.length > 0) throw new SynthRefused(faults);
  const files = folderOf(stack, parts.environment);
  const tooLarge = sizeFaults(stack, files);
  if (tooLarge.length > 0) throw new SynthRefused(tooLarge);
  return files;
}
