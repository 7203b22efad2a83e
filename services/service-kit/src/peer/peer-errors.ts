/** How a call to a peer ended; the `outcome` label of its metrics. */
export type PeerOutcome = 'ok' | 'not_found' | 'timeout' | 'unavailable' | 'invalid' | 'rate_limited' | 'rejected';

/** The peer gave no usable answer now; the same call may succeed later. */
export class PeerUnavailable extends Error {
  override readonly name = 'PeerUnavailable';

  constructor(
    readonly peer: string,
    readonly outcome: 'timeout' | 'unavailable' | 'rate_limited' | 'rejected',
    options?: ErrorOptions,
  ) {
    super(`${peer}: ${outcome}`, options);
  }
}

/** The peer answered something that no healthy peer answers: trying again won't help, its address or its release is wrong. */
export class PeerInvalidAnswer extends Error {
  override readonly name = 'PeerInvalidAnswer';
  readonly outcome = 'invalid';

  /** @param reason - what is wrong, without the peer's own words */
  constructor(
    readonly peer: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${peer}: ${reason}`, options);
  }
}
