/** Milliseconds without a sight after which something that is seen again is new: all that may be seen is looked for every 15 s. */
const forgottenMs = 40_000;

/** Since when each thing has been seen, without a longer break. */
export class Sightings {
  private readonly seen = new Map<string, { readonly since: number; readonly last: number }>();

  /** Notes that a thing is seen. @param now - in milliseconds @returns for how long it has been */
  see(thing: string, now: number): number {
    const before = this.seen.get(thing);
    const since = before !== undefined && now - before.last < forgottenMs ? before.since : now;
    this.seen.set(thing, { since, last: now });
    return now - since;
  }
}
