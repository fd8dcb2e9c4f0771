import { TarsierError } from '@tarsier/protocol';

/** SQL states of a server that is away, full or going down, and codes of connections that fail. */
const away = /^(?:08|53|55|57|58|CONN|ECONN|EPIPE|ENOENT|ETIMEDOUT)/u;

/** What to tell of a failure to read: a database that is away is no fault of the query, nor of this program. */
export function readFailure(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (error instanceof TarsierError || typeof code !== 'string' || !away.test(code)) return error;
  return new TarsierError('query/database', 'the database does not answer; ask again', {
    cause: error,
    retryable: true,
  });
}
