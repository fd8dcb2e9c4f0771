import { randomUUID } from 'node:crypto';
import { describeError, TarsierError } from '@tarsier/protocol';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Log } from '../../log.ts';
import { readFailure } from './read-failure.ts';
import type { AppEnv } from '../app-env.ts';
import { statusOf } from '../problem.ts';

/** Prometheus's name for a kind of failure, and its status. */
type Kind = readonly [errorType: string, status: ContentfulStatusCode];

/** nginx's status for a client that is gone; nobody reads it. */
const clientGone = 499 as ContentfulStatusCode;

const kinds: Readonly<Record<string, Kind>> = {
  'query/execution': ['execution', 422],
  'query/too-many-samples': ['execution', 422],
  'query/too-many-series': ['execution', 422],
  'query/too-long': ['execution', 422],
  'query/timeout': ['timeout', 503],
  'query/canceled': ['canceled', clientGone],
  'http/not-found': ['not_found', 404],
};

/** Failures below `/prometheus`, as its clients know them. */
export function prometheusError(thrown: unknown, c: Context<AppEnv>, log: Log): Response {
  const error = readFailure(thrown);
  const answer = ([errorType, status]: Kind, message: string): Response =>
    c.json({ status: 'error', errorType, error: message }, status);
  if (!(error instanceof TarsierError)) {
    const id = randomUUID();
    log.error('a query failed unexpectedly', {
      id,
      path: c.req.path,
      error: describeError(error),
      stack: error instanceof Error ? (error.stack ?? '') : '',
    });
    return answer(['internal', 500], `something went wrong here; the collector's log has it as ${id}`);
  }
  const kind = kinds[error.code] ?? kindOf(error);
  if (kind[1] === 503) log.warn('a query could not be served', { path: c.req.path, error: describeError(error) });
  if (kind[1] === 401) c.header('www-authenticate', 'Basic realm="tarsier", Bearer');
  return answer(kind, error.message);
}

function kindOf(error: TarsierError): Kind {
  const status = statusOf(error);
  if (status === 503) return ['unavailable', status];
  if (status === 401) return ['unauthorized', status];
  return [status === 403 ? 'forbidden' : 'bad_data', status];
}
