import type { Api } from '../api/call.ts';
import { openApiDocument } from '../openapi/document.ts';
import { referencePage } from '../openapi/page.ts';
import { referenceStyle } from '../openapi/style.ts';
import { securityHeaders } from '../static.ts';

/** `GET /v1/openapi.json`, and the same as a page: `GET /v1/docs`. */
export function openApiRoutes(api: Api, { version }: { readonly version: string }): void {
  const document = openApiDocument(version);
  const answer = Object.freeze({ ...document });
  // Nearly a megabyte: made to bytes once.
  const page = Promise.resolve(referencePage(document)).then((text) => new TextEncoder().encode(String(text)));
  api.on('GET /v1/openapi.json', () => answer);
  api.on('GET /v1/docs', async ({ c }) =>
    c.body(await page, 200, { ...securityHeaders, 'content-type': 'text/html; charset=UTF-8' }),
  );
  api.on('GET /v1/docs/style.css', ({ c }) =>
    c.body(referenceStyle, 200, { 'content-type': 'text/css; charset=utf-8', 'x-content-type-options': 'nosniff' }),
  );
}
