import { describeError, TarsierError } from '@tarsier/protocol';
import type { Context } from 'hono';
import type { Log } from '../log.ts';
import type { AppEnv } from './app-env.ts';
import { problemResponse, retryHeaders, statusOf } from './problem.ts';

/** Every failure as a problem; an unexpected one is logged with its stack, and tells nothing of the inside. */
export function createErrorHandler(log: Log): (error: Error, c: Context<AppEnv>) => Response {
  return (error, c) => {
    const requestId = c.get('requestId');
    const { path } = c.req;
    if (error instanceof TarsierError) {
      const status = statusOf(error);
      // Those that are refused while too much comes are counted: as many lines would cost more than they tell.
      if (status === 503 && error.code !== 'ingest/busy') {
        log.warn('a request could not be served', { requestId, path, error: describeError(error) });
      }
      if (status === 401) c.header('www-authenticate', 'Bearer');
      // As an Alertmanager refuses: amtool reads a text in JSON, and no other form.
      if (path.startsWith('/alertmanager/')) return c.json(error.message, status, retryHeaders(status, error));
      return problemResponse(c, error);
    }
    log.error('a request failed unexpectedly', {
      requestId,
      path,
      error: describeError(error),
      stack: error.stack ?? '',
    });
    const message = `something went wrong here; the collector's log has it as ${requestId}`;
    return problemResponse(c, new TarsierError('http/internal', message, { retryable: true }));
  };
}
