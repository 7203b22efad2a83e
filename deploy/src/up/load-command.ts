import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { UsageError } from '../exit-codes';

/** Clusters that run images of the local Docker engine as they are. */
const sharesEngine = /^(docker-desktop|orbstack|rancher-desktop)$/;

/**
 * What brings an image of the local Docker engine to a cluster's nodes, by the name of its context; the image's name is added.
 *
 * @param given - what `--load-command` says, for every other cluster
 * @returns nothing where the nodes have the engine's images already
 * @throws UsageError when nobody knows, or it is empty
 */
export function loadCommandFor(context: string, given: string | undefined): string | undefined {
  if (given?.trim() === '')
    throw new UsageError(`the load command is empty: say what brings an image to the nodes, such as --load-command 'kind load docker-image'`);
  if (given !== undefined) return given;
  const kind = /^kind-(.+)$/.exec(context)?.[1];
  if (kind !== undefined) return `kind load docker-image --name ${kind}`;
  const minikube = /^minikube$/.test(context);
  if (minikube) return 'minikube image load';
  if (sharesEngine.test(context)) return undefined;
  throw new UsageError(
    `nobody knows how an image comes to the nodes of the context "${context}": say it with --load-command, such as --load-command 'k3d image import -c shop'; the image's name is added to it`,
  );
}

/**
 * A program that isn't there is found before the images are built, where the command says it plainly.
 *
 * @param folder - where it is run, with the programs of npm packages there
 * @throws UsageError when there is none of its name
 */
export function checkLoadCommand(command: string, folder: string, env: NodeJS.ProcessEnv): void {
  const program = /^\s*(?:\w+=\S*\s+)*([\w./+-]+)(?=\s|$)/.exec(command)?.[1];
  if (program === undefined) return;
  const PATH = `${join(folder, 'node_modules', '.bin')}:${env['PATH'] ?? ''}`;
  // the shell knows its own words too
  const { status } = spawnSync('sh', ['-c', 'command -v "$0"', program], { cwd: folder, env: { ...env, PATH }, stdio: 'ignore' });
  if (status !== 0)
    throw new UsageError(`there is no program "${program}", which the load command "${command}" calls: install it, or say another with --load-command`);
}
