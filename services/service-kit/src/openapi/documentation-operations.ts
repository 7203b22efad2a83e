import { readFileSync } from 'node:fs';
import * as z from 'zod';
import type { Answer } from '../http/answer';
import { defineOperation, type Operation } from '../http/operation';
import { docsContentSecurityPolicy } from '../http/security-headers';
import { createOpenApiDocument, type DocumentInfo } from './document';

/**
 * The OpenAPI document and a page that shows it. Swagger UI is served from the installed package, so the page needs no internet.
 *
 * @param operations - the service's other operations; these are added to the document
 */
export function createDocumentationOperations(info: DocumentInfo, operations: readonly Operation[]): readonly Operation[] {
  let document: Promise<object> | undefined;
  const own: readonly Operation[] = [
    defineOperation({
      ...common,
      path: '/openapi.json',
      operationId: 'getOpenApi',
      summary: 'This document',
      answers: { 200: { description: 'OpenAPI 3.1', body: z.record(z.string(), z.unknown()) } },
      handle: async () => ({ status: 200, body: await (document ??= createOpenApiDocument(info, [...operations, ...own])) }),
    }),
    defineOperation({
      ...common,
      path: '/docs',
      operationId: 'getDocs',
      summary: 'Interactive documentation',
      answers: { 200: { description: 'A page', contentType: 'text/html' } },
      handle: () => Promise.resolve(page('text/html; charset=utf-8', html(info.title))),
    }),
    defineOperation({
      ...common,
      path: '/docs/{file}',
      operationId: 'getDocsFile',
      summary: "The documentation page's parts",
      params: z.object({ file: z.enum(['swagger-ui.css', 'swagger-ui-bundle.js', 'start.js']) }),
      answers: { 200: { description: 'Style or script', contentType: '*/*' } },
      handle: ({ params }) => Promise.resolve(part(params.file)),
    }),
  ];
  return own;
}

const common = { method: 'get', tag: 'service', problems: [] } as const;

/** Relative to the page, so that it works under the API prefix, behind an Ingress and through a port-forward. */
const html = (title: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="docs/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`;

const startScript = `window.ui = SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
});
`;

function part(file: 'swagger-ui.css' | 'swagger-ui-bundle.js' | 'start.js'): Answer {
  if (file === 'start.js') return page('text/javascript; charset=utf-8', startScript);
  const type = file.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8';
  return page(type, readFileSync(require.resolve(`swagger-ui-dist/${file}`)), 'public, max-age=3600');
}

function page(type: string, data: string | Buffer, cacheControl = 'no-cache'): Answer {
  return { status: 200, content: { type, data }, headers: { 'Content-Security-Policy': docsContentSecurityPolicy, 'Cache-Control': cacheControl } };
}
