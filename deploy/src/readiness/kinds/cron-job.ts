import { current, type Readiness } from '../state';

/** Ready as soon as it is there: what it runs, it runs later. */
export function cronJob(): Readiness {
  return current;
}
