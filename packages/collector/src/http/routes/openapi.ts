import type { Api } from '../api/call.ts';
import { openApiDocument } from '../openapi/document.ts';
import { referencePage } from '../openapi/page.ts';
import { referenceStyle } from '../openapi/style.ts';
import { securityHeaders } from '../static.ts';

/** `GET /v1/openapi.json`, and the same as a page: `GET /v1/docs`. */
export function openApiRoutes(api: Api, { version }: { readonly version: string }): void {
  const document = openApiDocument(version);
  const page = referencePage(document);
  api.on('GET /v1/openapi.json', () => ({ ...document }));
  api.on('GET /v1/docs', async ({ c }) => c.html(await page, 200, { ...securityHeaders }));
  api.on('GET /v1/docs/style.css', ({ c }) =>
    c.body(referenceStyle, 200, { 'content-type': 'text/css; charset=utf-8', 'x-content-type-options': 'nosniff' }),
  );
}
