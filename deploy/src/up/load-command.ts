import { UsageError } from '../exit-codes';

/** Clusters that run images of the local Docker engine as they are. */
const sharesEngine = /^(docker-desktop|orbstack|rancher-desktop)$/;

/**
 * What brings an image of the local Docker engine to a cluster's nodes, by the name of its context; the image's name is added.
 *
 * @param given - what `--load-command` says, for every other cluster
 * @returns nothing where the nodes have the engine's images already
 * @throws UsageError when nobody knows
 */
export function loadCommandFor(context: string, given: string | undefined): string | undefined {
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
