import { takeBackup } from '../backup/take-backup';
import { checkCluster } from '../cluster/known-clusters';
import { deploymentTalk } from '../output/deployment-talk';
import type { Format } from '../output/format';
import { table } from '../output/table';
import { connect, type World } from '../session';
import { failing, lockOptions, type WritingFlags } from './apply';
import { targetStack } from './target-stack';

/** Flags of `berth backup`. */
export interface BackupFlags extends Omit<WritingFlags, 'timeout'> {
  readonly to: string;
  readonly service?: readonly string[];
  readonly output: Format;
}

/** `berth backup`: copies the data of a stack into a folder, while it is served. */
export async function backupCommand(named: string | undefined, flags: BackupFlags, world: World): Promise<void> {
  const session = await connect(flags, world);
  const { stack, folder = '.' } = await targetStack(named, flags, session, world);
  const { cluster, target, choices } = session;
  await checkCluster({ cluster, target, stack, folder, choices, isNamed: flags.context !== undefined, env: world.env });
  world.output.talk(`${stack.namespace}/${stack.name} on ${target.context} (${target.cluster.server})\n`);
  await failing(world, cluster, async () => {
    const { archive, manifest } = await takeBackup(cluster, stack, {
      to: flags.to,
      lock: lockOptions(flags),
      progress: deploymentTalk(world.output),
      signal: world.signal,
      ...(flags.service && { services: flags.service }),
    });
    if (flags.output !== 'table') return world.output.document(flags.output, { archive, ...manifest });
    const rows = manifest.stores.map(({ service, kind, schema, tables, bytes, file }) => [
      service,
      kind,
      String(schema),
      String(tables.reduce((sum, { rows: count }) => sum + count, 0)),
      String(bytes),
      file,
    ]);
    world.output.data(`${table(['service', 'store', 'schema', 'rows', 'bytes', 'file'], rows)}\n\n${archive}`);
  });
}
