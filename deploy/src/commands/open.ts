import { once } from 'node:events';
import type { Cluster } from '../cluster/cluster';
import { UsageError } from '../exit-codes';
import { inParallel } from '../in-parallel';
import type { Format } from '../output/format';
import { table } from '../output/table';
import { connect, type StackFlags, type World } from '../session';
import { openWay, type Way, type WayTarget } from '../ways/open-way';
import { findService, schemeOf } from '../ways/service-port';
import { type NamedStack, namedStack } from './stack-words';

/** Flags of `berth open`. */
export interface OpenFlags extends StackFlags {
  /** The port on this machine, of the one Service that is named. */
  readonly port?: number;
  readonly output: Format;
}

/** `berth open`: ways from this machine to the Services of a stack, until Ctrl-C. Nothing is written to the cluster. */
export async function openCommand(words: readonly string[], flags: OpenFlags, world: World): Promise<void> {
  const { output, signal } = world;
  const session = await connect(flags, world);
  const { cluster } = session;
  const ways: { readonly target: WayTarget; readonly way: Way }[] = [];
  try {
    const targets = await targetsOf(cluster, await namedStack(words, flags, session, world));
    if (flags.port !== undefined && targets.length !== 1)
      throw new UsageError(`--port is for one Service, and there are ${targets.length}: name one of ${targets.map(({ service }) => service).join(', ')}`);
    const onFault = (sentence: string) => output.talk(`${output.styled('yellow', 'not connected:')} ${sentence}`);
    // one after the other, so that who wants the same port as another is known
    for (const target of targets)
      ways.push({ target, way: await openWay(cluster, target, { onFault, ...(flags.port === undefined ? {} : { localPort: flags.port }) }) });
    tellWays(ways, flags.output, output);
    for (const { target, way } of ways)
      if (new URL(way.url).port !== String(way.wantedPort))
        output.talk(`${target.service} is not on port ${way.wantedPort}, which is taken or not to be had on this machine`);
    if (flags.output === 'table') output.talk('open until Ctrl-C');
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await Promise.all(ways.map(({ way }) => way.close()));
    cluster.connection.close();
  }
}

function tellWays(ways: readonly { readonly target: WayTarget; readonly way: Way }[], format: Format, output: World['output']): void {
  const list = ways.map(({ target: { service, namespace }, way: { url } }) => ({ service, namespace, url }));
  if (format !== 'table') return output.document(format, list);
  output.data(
    table(
      ['service', 'url'],
      list.map(({ service, url }) => [service, url]),
    ),
  );
}

/** The Services that are named, or all that speak HTTP and have pods of their own. @throws UsageError */
async function targetsOf(cluster: Cluster, { stack, entries, words }: NamedStack): Promise<readonly WayTarget[]> {
  const services = entries.filter(({ group, kind }) => group === '' && kind === 'Service');
  if (words.length > 0) return words.map((word) => named(word, services, `${stack.namespace}/${stack.name}`));
  const found = await inParallel(services, ({ namespace = '', name }) => findService(cluster, namespace, name));
  const owning = found.filter((service) => service !== undefined).filter(({ spec }) => Object.keys(spec.selector ?? {}).length > 0);
  const speaking = owning.filter(({ spec }) => spec.ports?.some((port) => schemeOf(port) !== undefined));
  const targets = speaking.map(({ metadata: { namespace = '', name } }) => ({ namespace, service: name }));
  if (targets.length > 0) return targets;
  const choice = services.map(({ name }) => name).join(', ');
  throw new UsageError(
    choice === ''
      ? `${stack.namespace}/${stack.name} has no Service to open`
      : `no Service of ${stack.namespace}/${stack.name} speaks HTTP and selects pods: name one of ${choice}`,
  );
}

/** `SERVICE` or `SERVICE:PORT`; also with kubectl's `service/` before it. */
function named(word: string, services: NamedStack['entries'], stack: string): WayTarget {
  const [, name, port] = /^(?:(?:services?|svc)\/)?([^:/]+)(?::([^:]+))?$/i.exec(word) ?? [];
  const found = services.find((service) => service.name === name);
  if (found !== undefined) return { namespace: found.namespace ?? '', service: found.name, ...(port === undefined ? {} : { port }) };
  const choice = services.map((service) => service.name).join(', ');
  throw new UsageError(`${stack} has no Service "${word}": ${choice === '' ? 'it has none at all' : `choose from ${choice}`}`);
}
