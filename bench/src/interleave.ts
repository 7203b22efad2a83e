import { canPoll, load } from './load';
import { cpuMicros, hasProcessFigures } from './process-figures';
import { mean, median, percentile, quietestThird } from './statistics';

/** One server in a comparison, with the request it gets. */
export interface Variant {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  next(): string;
  readonly expected: number;
}

/** How long a comparison goes on. */
export interface Pace {
  /** How often each variant has its turn. */
  readonly rounds: number;
  readonly sliceMs: number;
  /** Turns before the first round that count for nothing: the JIT and the page cache warm up. */
  readonly warmUps: number;
  /** @default 'polls' where it can */
  readonly generator?: 'polls' | 'sleeps';
}

/** What one variant reached in a comparison. */
export interface Figures {
  readonly name: string;
  /** The server's CPU time a request, in microseconds: mean of the quietest third of its slices. NaN where the machine doesn't tell. */
  readonly cpuMicros: number;
  /** Requests a second: mean of the quietest third. */
  readonly perSecond: number;
  /** Requests a second in the best slice. */
  readonly bestPerSecond: number;
  /** Median of the slices' 99th percentiles. */
  readonly p99Ms: number;
  /** Answers with another status than expected. */
  readonly unexpected: number;
}

/**
 * Compares servers that are all alive together: slices of a second in turn, the order reversed every round,
 * so that a stall or a slow minute of the machine hits all of them alike.
 *
 * @throws Error that names the variant of which more than one answer in a thousand was unexpected in some slice
 */
export async function interleave(variants: readonly Variant[], connections: number, pace: Pace): Promise<Figures[]> {
  const slices = new Map<Variant, Slice[]>(variants.map((variant) => [variant, []]));
  for (let round = -pace.warmUps; round < pace.rounds; round++) {
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      const slice = await takeSlice(variant, connections, pace);
      if (round >= 0) slices.get(variant)!.push(slice);
    }
  }
  return variants.map((variant) => summarise(variant.name, slices.get(variant)!));
}

interface Slice {
  readonly cpuMicros: number;
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly unexpected: number;
}

async function takeSlice({ name, port, pid, next, expected }: Variant, connections: number, pace: Pace): Promise<Slice> {
  let cpu = 0;
  const polling = canPoll && pace.generator !== 'sleeps';
  const around = { start: () => void (cpu -= cpuMicros(pid)), end: () => void (cpu += cpuMicros(pid)) };
  try {
    const { requests, seconds, latenciesMs, unexpected } = await load({ port, connections, next, expected, milliseconds: pace.sliceMs, polling, around });
    if (unexpected.length > requests / 1_000) throw new Error(`answered ${unexpected[0]!} (${unexpected.length} of ${requests} answers)`);
    return { cpuMicros: cpu / requests, perSecond: requests / seconds, p99Ms: percentile(latenciesMs, 0.99), unexpected: unexpected.length };
  } catch (cause) {
    throw new Error(`${name} ${(cause as Error).message}`, { cause });
  }
}

function summarise(name: string, slices: readonly Slice[]): Figures {
  const byCpu = quietestThird(slices, (slice) => (hasProcessFigures ? slice.cpuMicros : -slice.perSecond));
  return {
    name,
    cpuMicros: mean(byCpu.map((slice) => slice.cpuMicros)),
    perSecond: mean(quietestThird(slices, (slice) => -slice.perSecond).map((slice) => slice.perSecond)),
    bestPerSecond: Math.max(...slices.map((slice) => slice.perSecond)),
    p99Ms: median(slices.map((slice) => slice.p99Ms)),
    unexpected: slices.reduce((sum, slice) => sum + slice.unexpected, 0),
  };
}
