import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../exit-codes';
import { clusterUid } from '../cluster/known-clusters';
import { checkout, type Checkout } from '../up/checkout';
import { checkLoadCommand, loadCommandFor } from '../up/load-command';
import { connect, type StackFlags, type World } from '../session';
import { applyCommand, type ApplyFlags } from './apply';
import { checkEnvironmentName } from './folder';
import { verifyCommand } from './verify';

/** Flags of `berth up`. */
export interface UpFlags extends ApplyFlags {
  readonly env: string;
  /** Brings an image into the cluster; the image's name is added. */
  readonly loadCommand?: string;
}

/**
 * `berth up`: from the sources of Berth's own checkout to a verified order, on a cluster of one's own: builds the images, brings them there, writes the
 * manifests, applies and verifies. Images are called by what is in them, so that only what changed is rolled out.
 */
export async function upCommand(flags: UpFlags, world: World): Promise<void> {
  const { output, signal } = world;
  const sources = checkout();
  checkEnvironmentName(flags.env);
  const target = await reachedTarget(flags, world);
  const loadCommand = loadCommandFor(target, flags.loadCommand);
  if (loadCommand !== undefined) checkLoadCommand(loadCommand, sources.folder, world.env);
  const folder = mkdtempSync(join(tmpdir(), 'berth-up-'));
  const step = (name: string) => output.talk(`${output.styled('bold', name)}\n`);
  try {
    const images = join(folder, 'images.json');
    step('The manifests, from the services’ declarations');
    await sources.run('synth', [], signal);
    const manifests = join(sources.folder, 'charts', flags.env);
    if (!existsSync(manifests)) throw new UsageError(`this checkout declares no environment "${flags.env}": name one of ${environmentsOf(sources)}`);
    step('The images');
    await sources.run('images', ['--by-content', '--out', images, ...(loadCommand === undefined ? [] : ['--load-command', loadCommand])], signal);
    step('The deployment');
    const { env: _, ...rest } = flags;
    // its summary is talk here: the command's data is how to reach the services
    await applyCommand(manifests, { ...rest, images }, world);
    step('The proof');
    await verifyCommand(manifests, { ...rest, timeout: flags.timeout }, world);
    output.talk(reachWords(flags, sources));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The cluster is asked before anything is built: a build takes minutes. */
async function reachedTarget(flags: StackFlags, world: World): Promise<string> {
  const { cluster, target } = await connect(flags, world);
  try {
    await clusterUid(cluster);
    return target.context;
  } finally {
    cluster.connection.close();
  }
}

function environmentsOf({ folder }: Checkout): string {
  const entries = readdirSync(join(folder, 'charts'), { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).join(', ');
}

function reachWords({ env, context }: UpFlags, { npmRun }: Checkout): string {
  const rest = `--env ${env}${context === undefined ? '' : ` --context ${context}`}`;
  return `
to reach it:         ${npmRun} open ${rest}
its logs:            ${npmRun} logs ${rest} --follow
how it stands:       ${npmRun} status ${rest}
why it doesn't run:  ${npmRun} doctor ${rest}
to remove it:        ${npmRun} destroy ${rest}`;
}
