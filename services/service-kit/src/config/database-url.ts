import { accessSync, constants } from 'node:fs';
import { canDecode } from './percent-encoding';

const sslModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

/**
 * Finds what the driver could not use in a well-formed PostgreSQL URL. It would throw with every request, so it is told at the start.
 *
 * @returns how the sentence goes on after the variable's name, without any part of the URL that may be secret; `undefined` when all is well
 */
export function databaseUrlFault(text: string): string | undefined {
  const url = new URL(text);
  const parts = { 'user name': url.username, password: url.password, host: url.hostname, 'database name': url.pathname };
  const undecodable = Object.entries(parts).find(([, value]) => !canDecode(value));
  if (undecodable) return ` must be percent-encoded UTF-8: its ${undecodable[0]} can't be decoded (write %25 for a percent sign)`;
  return encryptionFault(url.searchParams) ?? [...files].map((name) => fileFault(name, url.searchParams.get(name))).find((fault) => fault !== undefined);
}

function encryptionFault(parameters: URLSearchParams): string | undefined {
  const [mode, negotiation] = [parameters.get('sslmode'), parameters.get('sslnegotiation')];
  if (mode !== null && !sslModes.includes(mode)) return ` must have one of ${sslModes.join(', ')} as its sslmode`;
  if (negotiation !== null && !['postgres', 'direct'].includes(negotiation)) return ' must have postgres or direct as its sslnegotiation';
  if (negotiation === 'direct' && mode === 'disable') return ' must have another sslmode than disable with sslnegotiation=direct';
  if (mode === 'verify-ca' && parameters.get('uselibpqcompat') === 'true' && !parameters.get('sslrootcert'))
    return ' must name the CA in sslrootcert with uselibpqcompat=true&sslmode=verify-ca, or use verify-full';
  return undefined;
}

const files = ['sslrootcert', 'sslcert', 'sslkey'] as const;

function fileFault(name: string, path: string | null): string | undefined {
  if (!path) return undefined;
  try {
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return ` names a file in ${name} that can't be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`;
  }
}
