import type { Context } from 'hono';
import type { AppEnv } from './app-env.ts';

/**
 * A header of the answer, unless the answer has it already. Set on Node's own answer where there is one: headers of a
 * fetch `Response` are checked, copied and sorted, which costs an agent's batch as much as its decoding.
 */
export function answerHeader(c: Context<AppEnv>, name: string, value: string): void {
  const outgoing = c.env?.outgoing;
  if (outgoing === undefined) {
    if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  } else if (!outgoing.headersSent) outgoing.setHeader(name, value);
}
