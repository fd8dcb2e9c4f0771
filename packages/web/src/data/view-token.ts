/**
 * A token that shows some series to a page of another site is refused everything else. It says so itself, and a browser
 * writes each refusal into the page's console: so what would be refused is not asked for.
 */
import type { OperationKey, Operations } from '@tarsier/protocol/api';
import type { ClientOptions } from '@tarsier/protocol/client';

type Fetch = NonNullable<ClientOptions['fetch']>;

type Shown = { [K in OperationKey]: Operations[K] extends { readonly view: true } ? K : never }[OperationKey];

/** And who it is, which anybody is told. */
const shown: Readonly<Record<Shown | 'GET /v1/session', true>> = {
  'GET /v1/query_range': true,
  'GET /v1/series': true,
  'GET /v1/session': true,
};

/** @returns a `fetch` that answers as the collector would where a view token may not ask */
export function withinView(baseUrl: string, fetch: Fetch): Fetch {
  return async (url, request) => {
    const [path = ''] = url.slice(baseUrl.length).split('?');
    const mayAsk = Object.hasOwn(shown, `${request.method} ${path}`) || !isView(request.headers['authorization'] ?? '');
    if (mayAsk) return fetch(url, request);
    const problem = { code: 'auth/scope', detail: 'This token shows some series alone.', retryable: false };
    return Response.json(problem, { status: 403 });
  };
}

function isView(authorization: string): boolean {
  const [, header = ''] = /^Bearer ([\w-]+)\.[\w-]+\./u.exec(authorization) ?? [];
  try {
    const said: unknown = JSON.parse(atob(header.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof said === 'object' && said !== null && 'typ' in said && said.typ === 'view+jwt';
  } catch {
    // A key, or what the collector will refuse.
    return false;
  }
}
