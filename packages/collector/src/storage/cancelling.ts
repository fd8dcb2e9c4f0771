import type { PendingQuery, Row } from 'postgres';
import type { TarsierSql } from './database.ts';

/**
 * The rows, unless nobody waits for them any more: then the database ends the statement. An abandoned query must not
 * go on reading years.
 *
 * @param statement  of a connection that it has to itself: what is cancelled is the one that is meant
 * @param cancels  a connection apart, to end statements by their backend's number; the driver's own way to cancel ends
 *   the process when it finds no database
 * @throws the signal's reason
 */
export async function cancelling<T extends readonly Row[]>(
  statement: PendingQuery<T>,
  signal: AbortSignal,
  cancels: TarsierSql,
): Promise<T> {
  const cancel = (): void => {
    // The driver knows it, its types do not.
    const { state } = statement as unknown as { readonly state: { readonly pid: number } | null };
    // Not sent yet: it only has to leave the queue.
    if (state === null) statement.cancel();
    // Where that fails the statement goes on to its end, and nobody hears of it.
    else cancels`select pg_cancel_backend(${state.pid})`.catch(() => {});
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await statement;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
