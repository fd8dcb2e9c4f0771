import type { Context } from 'hono';
import type { AppEnv } from './app-env.ts';

/**
 * Says that nobody waits for the answer any more. The request's own signal would do, but makes a whole `Request` of
 * fetch, which costs more than parsing a query.
 */
export function clientGone(c: Context<AppEnv>): AbortSignal {
  const outgoing = c.env?.outgoing;
  if (outgoing === undefined) return c.req.raw.signal;
  const controller = new AbortController();
  const onClose = (): void => {
    if (!outgoing.writableFinished) controller.abort(new DOMException('the client is gone', 'AbortError'));
  };
  if (outgoing.closed) onClose();
  else outgoing.once('close', onClose);
  return controller.signal;
}
