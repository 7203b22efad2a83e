import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request as the API server logged it. */
export interface AuditEvent {
  readonly verb: string;
  readonly uri: string;
  readonly user: string;
  readonly code: number;
  /** Whether who asked may not: a 403 may also be what a pod answered through the API server. */
  readonly isForbidden: boolean;
  readonly dryRun: boolean;
  /** Group, resource and subresource, such as `apps/deployments` or `/pods/log`; nothing for what is no resource. */
  readonly resource?: string;
}

interface Logged {
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly responseStatus?: { readonly code: number };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly objectRef?: { readonly apiGroup?: string; readonly resource: string; readonly subresource?: string };
}

/**
 * Remembers where an audit log ends.
 *
 * @returns the requests that were answered since then
 */
export async function auditSince(log: string): Promise<() => Promise<readonly AuditEvent[]>> {
  await settled(log);
  const start = statSync(log).size;
  return async () => {
    await settled(log);
    return readFileSync(log)
      .subarray(start)
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Logged)
      .filter(({ stage }) => stage === 'ResponseComplete')
      .map(({ verb, requestURI, user, responseStatus, annotations, objectRef }) => ({
        verb,
        uri: requestURI,
        user: user.username,
        code: responseStatus?.code ?? 0,
        isForbidden: annotations?.['authorization.k8s.io/decision'] === 'forbid',
        dryRun: requestURI.includes('dryRun=All'),
        ...(objectRef && {
          resource: [objectRef.apiGroup ?? '', objectRef.resource, ...(objectRef.subresource === undefined ? [] : [objectRef.subresource])].join('/'),
        }),
      }));
  };
}

/** The log is written as requests end: what a client was answered may come a moment later. */
async function settled(log: string): Promise<void> {
  await sleep(100);
  const text = readFileSync(log, 'utf8');
  if (!text.endsWith('\n') && text !== '') await settled(log);
}
