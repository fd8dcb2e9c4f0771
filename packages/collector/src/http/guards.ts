import type { MiddlewareHandler } from 'hono';
import { answerHeader } from './answer-header.ts';
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
    answerHeader(c, 'x-content-type-options', 'nosniff');
    answerHeader(c, 'referrer-policy', 'no-referrer');
    answerHeader(c, 'x-frame-options', 'SAMEORIGIN');
    // What is no page of its own loads nothing, whatever somebody has got into it.
    answerHeader(
      c,
      'content-security-policy',
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    if (secure) answerHeader(c, 'strict-transport-security', 'max-age=31536000');
  };
}
