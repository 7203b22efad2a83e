import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';

type Options = Parameters<typeof helmet>[0];

/**
 * Helmet's headers as a flat array of names and values. They never change, so they are computed once
 * instead of being set one by one on each answer.
 */
function computeHeaders(options: Options): readonly string[] {
  const headers: string[] = [];
  const response = {
    setHeader: (name: string, value: string) => headers.push(name, value),
    removeHeader: () => undefined,
  };
  helmet(options)({} as IncomingMessage, response as unknown as ServerResponse, () => undefined);
  return headers;
}

/** For an API: nothing may be loaded, framed or sniffed. */
export const apiSecurityHeaders: readonly string[] = computeHeaders({
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  frameguard: { action: 'deny' },
});

/** The documentation page's own policy: scripts and styles from the service itself only. Swagger UI writes inline styles and `data:` images. */
export const docsContentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
