import { randomUUID } from 'node:crypto';
import { describeError, TarsierError } from '@tarsier/protocol';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Log } from '../log.ts';
import type { AppEnv } from './app-env.ts';

const statusByCode: Readonly<Record<string, ContentfulStatusCode>> = {
  'auth/missing': 401,
  'auth/unknown': 401,
  'auth/scope': 403,
  'auth/tenant': 403,
  'auth/origin': 403,
  'auth/sign-in-code': 403,
  'auth/host': 403,
  'batch/too-large': 413,
  'enrol/token': 401,
  'enrol/in-use': 409,
  'enrol/name-taken': 409,
  'enrol/renamed': 409,
  'http/too-large': 413,
  'http/content-encoding': 415,
  'http/content-type': 415,
  'http/not-found': 404,
  'incidents/closed': 409,
  'ingest/schema-unknown': 409,
  'ingest/too-many-series': 429,
};

/** Seconds after which a refused request may come again; for a limit until somebody has raised it or deleted a host. */
const retryAfterS: Readonly<Record<number, number>> = { 429: 60, 503: 2 };

/** By its code, else 503 for what may succeed later; what is a bad request by default is the client's fault. */
export function statusOf(error: TarsierError): ContentfulStatusCode {
  return statusByCode[error.code] ?? (error.retryable ? 503 : 400);
}

/** Headers that say when to come again, where that helps. */
export function retryHeaders(status: number): Record<string, string> {
  const seconds = retryAfterS[status];
  return seconds === undefined ? {} : { 'retry-after': String(seconds) };
}

/** Every failure as an {@link ErrorBody}; an unexpected one is logged with an id, and tells nothing of the inside. */
export function createErrorHandler(log: Log): (error: Error, c: Context<AppEnv>) => Response {
  return (error, c) => {
    if (error instanceof TarsierError) {
      const status = statusOf(error);
      if (status === 503) log.warn('a request could not be served', { path: c.req.path, error: describeError(error) });
      if (status === 401) c.header('www-authenticate', 'Bearer');
      return c.json(error.toJSON(), status, retryHeaders(status));
    }
    const id = randomUUID();
    log.error('a request failed unexpectedly', {
      id,
      path: c.req.path,
      error: describeError(error),
      stack: error.stack ?? '',
    });
    const body = new TarsierError('http/internal', `something went wrong here; the collector's log has it as ${id}`, {
      retryable: true,
    });
    return c.json(body.toJSON(), 500);
  };
}
