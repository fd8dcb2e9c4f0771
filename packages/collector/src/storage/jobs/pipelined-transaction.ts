import type { TarsierSql } from '../database.ts';

/**
 * A transaction whose begin is sent together with what follows, and whose commit goes with its last statement. Where
 * its connection is lost it is left alone: the driver's own transactions write a rollback to the closed connection
 * then, and its next write ends the process (postgres 3.4.9, connection.js, `nextWrite` without a socket).
 *
 * @param opening  begins it; what else stands in it needs no answer
 * @param work  is given what commits at once with its last statement; one that does not call it is committed after it
 */
export async function pipelinedTransaction<T>(
  sql: TarsierSql,
  opening: string,
  work: (tx: TarsierSql, commitWith: <L>(last: Promise<L>) => Promise<L>) => Promise<T>,
): Promise<T> {
  const connection = await sql.reserve();
  let isLost = false;
  let isOver = false;
  try {
    const [, result] = await Promise.all([
      connection.unsafe(opening),
      work(connection, async (last) => {
        isOver = true;
        // Where the last statement fails this takes back what was before.
        const [answer] = await Promise.all([last, connection`commit`]);
        return answer;
      }),
    ]);
    if (!isOver) await connection`commit`;
    return result;
  } catch (error) {
    isLost = isConnectionLost(error);
    // One that can't even be rolled back is not used again; why it failed is the first error.
    if (!isLost) {
      isLost = await connection`rollback`.then(
        () => false,
        () => true,
      );
    }
    throw error;
  } finally {
    // The pool has dropped a lost one by itself.
    if (!isLost) connection.release();
  }
}

/** The driver's codes, those of the system, and PostgreSQL's class 57P: it ends, or was told to end the connection. */
function isConnectionLost(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(CONNECTION_|CONNECT_|E[A-Z]+$|57P)/u.test(String(error.code));
}
