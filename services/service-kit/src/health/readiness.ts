import type { Store } from '../store/store';

/** One dependency's state, as `/health/ready` tells it. */
export interface CheckResult {
  readonly status: 'ok' | 'degraded' | 'unavailable';
  /** How long the look took, in milliseconds. */
  readonly latency_ms: number;
  /** Why it isn't `ok`. */
  readonly detail?: string;
}

/** The body of `/health/ready`. */
export interface Readiness {
  readonly status: 'ok' | 'degraded' | 'unavailable';
  readonly checks: Readonly<Record<string, CheckResult>>;
}

/** A peer that can be looked at. */
export interface PeerCheck {
  readonly name: string;
  /** Whether the peer is ready. Never throws. */
  isReady(): Promise<boolean>;
}

/** What readiness is decided by. */
export interface ReadinessParts {
  readonly store: Store;
  /** The oldest schema version on which this release works. */
  readonly schemaMinimum: number;
  readonly peers: readonly PeerCheck[];
  /** Whether a peer that is down makes this service unavailable instead of degraded. */
  readonly requiresPeers: boolean;
  /** True from SIGTERM on. */
  draining(): boolean;
}

/** Milliseconds for which a look is reused, so that many probes cost one. */
const cacheMs = 500;

/** Makes the readiness look: looks at once share one, and a look is reused for half a second. */
export function createReadiness(parts: ReadinessParts): () => Promise<Readiness> {
  let latest: { readonly at: number; readonly checks: Promise<Readiness['checks']> } | undefined;
  return async () => {
    if (latest === undefined || performance.now() - latest.at > cacheMs) latest = { at: performance.now(), checks: look(parts) };
    const checks = await latest.checks;
    return { status: overall(checks, parts), checks };
  };
}

async function look({ store, schemaMinimum, peers }: ReadinessParts): Promise<Readiness['checks']> {
  const names = ['database', ...peers.map(({ name }) => name)];
  const results = await Promise.all([timed(() => lookAtStore(store, schemaMinimum)), ...peers.map((peer) => timed(() => lookAtPeer(peer)))]);
  return Object.fromEntries(results.map((result, i) => [names[i]!, result]));
}

type Verdict = Omit<CheckResult, 'latency_ms'>;

async function timed(check: () => Promise<Verdict>): Promise<CheckResult> {
  const startedAt = performance.now();
  const { status, ...rest } = await check();
  return { status, latency_ms: Math.round((performance.now() - startedAt) * 10) / 10, ...rest };
}

async function lookAtStore(store: Store, schemaMinimum: number): Promise<Verdict> {
  const { readable, writable, schema } = await store.status();
  if (!readable) return { status: 'unavailable', detail: "the database can't be read" };
  if ((schema ?? 0) < schemaMinimum)
    return { status: 'unavailable', detail: `the schema is at version ${schema ?? 0}, needed is ${schemaMinimum}: run the migrations` };
  return writable ? { status: 'ok' } : { status: 'degraded', detail: 'the disk is full: reads work, writes fail' };
}

async function lookAtPeer(peer: PeerCheck): Promise<Verdict> {
  return (await peer.isReady()) ? { status: 'ok' } : { status: 'unavailable', detail: 'does not answer that it is ready' };
}

function overall(checks: Readiness['checks'], { requiresPeers, draining }: ReadinessParts): Readiness['status'] {
  const { database, ...peers } = checks;
  const peerDown = Object.values(peers).some(({ status }) => status !== 'ok');
  if (draining() || database?.status === 'unavailable' || (peerDown && requiresPeers)) return 'unavailable';
  return peerDown || database?.status === 'degraded' ? 'degraded' : 'ok';
}
