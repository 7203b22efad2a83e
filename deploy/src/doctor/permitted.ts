import { ApiError } from '../cluster/api-error';
import type { Unseen } from './scene';

/** Something, or nothing where one may not. */
export async function permitted<Result>(unseen: Unseen[], what: Unseen, ask: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // what a pod or a proxy answers has no such word
    if (error.code === 403 && error.reason === 'Forbidden') {
      const isKnown = unseen.some((each) => each.verb === what.verb && each.resource === what.resource && each.namespace === what.namespace);
      if (!isKnown) unseen.push(what);
      return undefined;
    }
    // a cluster that doesn't serve the kind
    if (error.isNotFound) return undefined;
    throw error;
  }
}
