import type { Step } from '../store/store';

/** Seconds for which a stored answer is replayed: 24 h. */
export const retentionSeconds = 24 * 60 * 60;

/** Milliseconds after which a claim whose owner died may be taken over; longer than a peer's 2.5 s and the database's 2 s together. */
export const claimMs = 8_000;

/** A structured-field string in quotes, as the draft says, or the same without quotes, as most clients send it: 1 to 255 characters. */
export const idempotencyKeyPattern = '^("([ !#-\\[\\]-~]{1,255})"|[!#-~]{1,255})$';

/** An answer as it is kept and replayed. */
export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON body as data. */
  readonly body: unknown;
}

/** The steps that must commit with a write, made from what it wrote. */
export type AlongsideWrite<Result> = (result: Result) => readonly Step[];

/** The right to carry out one request with a key; fenced, so that a claim that was taken over can't write. */
export interface Claim {
  /** The steps that keep the answer in the transaction of its effect. */
  alongside(answer: StoredAnswer): readonly Step[];
  /** Keeps an answer that has no effect: a 404 or 409. */
  complete(answer: StoredAnswer): Promise<void>;
  /** Ends the claim. @param stored - whether an answer is kept; if not, the key is free again */
  release(stored: boolean): Promise<void>;
}

/** Idempotency keys of one store, as draft-ietf-httpapi-idempotency-key-header describes them. */
export interface IdempotencyKeys {
  /**
   * Claims a key or finds its answer.
   *
   * @throws Problem 422 for another payload, 409 while the first request runs
   */
  claim(operationId: string, key: string, fingerprint: string): Promise<Claim | StoredAnswer>;
  /** Deletes the answers past their retention; call it now and then. */
  sweep(): Promise<void>;
}

/** Tells a stored answer from a claim. */
export function isStoredAnswer(value: Claim | StoredAnswer): value is StoredAnswer {
  return 'status' in value;
}
