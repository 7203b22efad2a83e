import { RetryBudget } from './retry-budget';

/** A budget on a clock that stands still until it is moved, with what it holds at the start taken out. */
function emptyBudget() {
  let nowMs = 0;
  const budget = new RetryBudget(() => nowMs);
  const reserve = withdrawAll(budget);
  return { budget, reserve, pass: (ms: number) => (nowMs += ms) };
}

function withdrawAll(budget: RetryBudget): number {
  let count = 0;
  while (count < 10_000 && budget.withdraw()) count++;
  return count;
}

// After Finagle's RetryBudgetTest: n deposits on a frozen clock give n * share retries, give or take one.
describe('the retry budget', () => {
  it('holds ten retries at first, for a service with little traffic', () => {
    expect(emptyBudget().reserve).toBe(10);
  });

  it.each([1, 4, 5, 6, 10, 49, 50, 99, 100, 249])('gives a fifth of %i calls back as retries', (calls) => {
    const { budget } = emptyBudget();
    for (let i = 0; i < calls; i++) budget.deposit();
    expect(Math.abs(withdrawAll(budget) - calls * 0.2)).toBeLessThanOrEqual(1);
  });

  it('gives a fifth of ten thousand calls when each is retried as soon as it may be', () => {
    const { budget } = emptyBudget();
    let retries = 0;
    for (let i = 0; i < 10_000; i++) {
      budget.deposit();
      if (budget.withdraw()) retries++;
    }
    expect(Math.abs(retries - 2_000)).toBeLessThanOrEqual(1);
  });

  it('adds one a second, in whatever steps the clock is looked at', () => {
    const { budget, pass } = emptyBudget();
    pass(999);
    expect(budget.withdraw()).toBe(false);
    pass(1.5);
    expect([budget.withdraw(), budget.withdraw()]).toEqual([true, false]);
    let retries = 0;
    for (let i = 0; i < 1_000; i++) {
      pass(10);
      if (budget.withdraw()) retries++;
    }
    expect(Math.abs(retries - 10)).toBeLessThanOrEqual(1);
  });

  it('saves up no more than fifty', () => {
    const { budget, pass } = emptyBudget();
    pass(86_400_000);
    for (let i = 0; i < 100_000; i++) budget.deposit();
    expect(withdrawAll(budget)).toBe(50);
  });

  it('gives nothing without calls on a clock that stands still', () => {
    const { budget } = emptyBudget();
    expect([budget.withdraw(), budget.withdraw()]).toEqual([false, false]);
  });
});
