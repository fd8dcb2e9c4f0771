import type { TarsierSql } from '../database.ts';

/**
 * A transaction whose begin is sent together with what follows, and whose commit goes with its last statement.
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
    // Where its connection is lost there is nothing to take back; why it failed is the first error.
    await connection`rollback`.catch(() => {});
    throw error;
  } finally {
    connection.release();
  }
}
