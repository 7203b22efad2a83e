/** Retries a call earns: at most one for five calls. */
const shareOfCalls = 0.2;

/** Retries that are there for a service with little traffic: so many at first, one more each second. */
const reserve = { initial: 10, perSecond: 1 } as const;

/** Most retries saved up, so that a long quiet time does not pay for a storm. */
const maximumBalance = 50;

/**
 * Bounds retries to a share of calls, so that a sick peer gets hardly more load than a healthy one. The shape is Finagle's
 * (a share of calls plus a small rate), with the share of 20 % that it and Linkerd use.
 */
export class RetryBudget {
  private balance: number = reserve.initial;
  private refilledAt: number;

  /** @param now - a clock in milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.refilledAt = now();
  }

  /** A call begins: it earns a fifth of a retry. */
  deposit(): void {
    this.add(shareOfCalls);
  }

  /** Takes a retry if there is one. */
  withdraw(): boolean {
    this.refill();
    if (this.balance < 1) return false;
    this.balance--;
    return true;
  }

  private refill(): void {
    const now = this.now();
    this.add(((now - this.refilledAt) / 1000) * reserve.perSecond);
    this.refilledAt = now;
  }

  private add(retries: number): void {
    this.balance = Math.min(maximumBalance, this.balance + retries);
  }
}
