import { Client, type Dispatcher, errors } from 'undici';

/** A request's handler that is told which connection carries it. */
export interface Carried extends Dispatcher.DispatchHandler {
  connection?: PeerConnection;
}

/** Longest life of a connection in milliseconds, less up to a fifth by chance so that those of one start don't all end at once. */
const longestLifeMs = 5 * 60_000;

/**
 * A pool's connection that can be left. A keep-alive connection stays with whatever it once led to: behind a Service that is a pod that has since been
 * taken out of it, or, when the Service was newer than the node's rules for it, nothing of the peer's at all.
 */
export class PeerConnection extends Client {
  /** When it has lived long enough, on the clock of `performance.now()`. */
  leaveAt = Infinity;

  constructor(
    private readonly origin: URL,
    options: object,
  ) {
    super(origin, options);
    this.on('connect', () => {
      this.leaveAt = performance.now() + longestLifeMs * (1 - Math.random() / 5);
    });
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Carried): boolean {
    handler.connection = this;
    return super.dispatch(options, handler);
  }

  /** Ends it after what is under way over it. A pool lets go of a connection that reports an error, and opens another for its next call. */
  leave(): void {
    this.emit('connectionError', this.origin, [this], new errors.InformationalError('left'));
  }
}
