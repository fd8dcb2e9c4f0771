import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './app-env.ts';

/** What every answer tells browsers, pages and JSON alike: that it is what it says it is, and nobody's else. */
export function createGuards({
  secure,
}: {
  /** Whether people reach it by https. */
  readonly secure: boolean;
}): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    // Without a body there is nothing to take for anything; agents' batches are answered so, and often.
    if (c.res.status === 204) return;
    const { headers } = c.res;
    set(headers, 'x-content-type-options', 'nosniff');
    set(headers, 'referrer-policy', 'no-referrer');
    set(headers, 'x-frame-options', 'SAMEORIGIN');
    // What is no page of its own loads nothing, whatever somebody has got into it.
    set(
      headers,
      'content-security-policy',
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    if (secure) set(headers, 'strict-transport-security', 'max-age=31536000');
  };
}

function set(headers: Headers, name: string, value: string): void {
  if (!headers.has(name)) headers.set(name, value);
}
