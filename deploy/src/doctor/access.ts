import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ApiError } from '../cluster/api-error';
import type { Target } from '../cluster/kubeconfig';
import { isObject } from '../manifests/json';
import type { Lockout } from './scene';

/** Why a kubeconfig lets nobody in, as far as it says so itself. */
export function lockoutOf({ context, user }: Target, { message, serverTime }: ApiError): Lockout {
  const ended = [certificateEnd(user), tokenEnd(user)].find((end) => end !== undefined && Date.parse(end.at) <= serverTime);
  return { context, message, ...(ended && { ended }) };
}

function certificateEnd({ 'client-certificate-data': data, 'client-certificate': file }: Target['user']): Lockout['ended'] {
  try {
    const pem = data !== undefined ? Buffer.from(data, 'base64') : file === undefined ? undefined : readFileSync(file);
    return pem && { what: 'certificate', at: new X509Certificate(pem).validToDate.toISOString() };
  } catch {
    // told when it was read for the connection
    return undefined;
  }
}

/** Tokens of service accounts and of OpenID Connect say when they end: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4 */
function tokenEnd({ token, tokenFile }: Target['user']): Lockout['ended'] {
  try {
    const text = token ?? (tokenFile === undefined ? undefined : readFileSync(tokenFile, 'utf8').trim());
    const payload: unknown = JSON.parse(Buffer.from(text?.split('.')[1] ?? '', 'base64url').toString());
    return isObject(payload) && typeof payload['exp'] === 'number' ? { what: 'token', at: new Date(payload['exp'] * 1000).toISOString() } : undefined;
  } catch {
    return undefined;
  }
}
