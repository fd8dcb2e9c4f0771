import { randomUUID } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { answerHeader } from './answer-header.ts';
import type { AppEnv } from './app-env.ts';

export const requestIdHeader = 'x-request-id';

/** The id that a proxy has given the request, if it looks like one, or a new one. */
export function requestIdOf(given: string | undefined): string {
  return given !== undefined && /^[\w.:-]{8,100}$/u.test(given) ? given : randomUUID();
}

export const requestId: MiddlewareHandler<AppEnv> = async (c, next) => {
  const id = requestIdOf(c.req.header(requestIdHeader));
  c.set('requestId', id);
  await next();
  answerHeader(c, requestIdHeader, id);
};
