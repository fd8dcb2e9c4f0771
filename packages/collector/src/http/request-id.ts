import { randomUUID } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { answerHeader } from './answer-header.ts';
import type { AppEnv } from './app-env.ts';

const header = 'x-request-id';

/** Takes the id that a proxy has given the request, if it looks like one, or gives it one. */
export const requestId: MiddlewareHandler<AppEnv> = async (c, next) => {
  const given = c.req.header(header);
  const id = given !== undefined && /^[\w.:-]{8,100}$/u.test(given) ? given : randomUUID();
  c.set('requestId', id);
  await next();
  answerHeader(c, header, id);
};
