import type { TarsierSql } from '../database.ts';
import { flushStatement } from '../scoped-pool.ts';

/** What a transaction did, as others see it already. */
export interface Early<T> {
  readonly result: T;
  /** Resolves once it is on the disk; rejects where that is not certain. */
  readonly onDisk: Promise<void>;
}

/**
 * A transaction whose begin is sent together with what follows, and whose commit goes with its last statement. Its
 * locks are free, and others see it, before it is on the disk.
 *
 * @param opening  what it begins with, which needs no answer
 * @param work  is given what commits at once with its last statement, which must be executed already; one that does not
 *   call it has written nothing
 */
export async function pipelinedTransaction<T>(
  sql: TarsierSql,
  opening: string,
  work: (tx: TarsierSql, commitWith: <L>(last: Promise<L>) => Promise<L>) => Promise<T>,
): Promise<Early<T>> {
  const connection = await sql.reserve();
  let onDisk: Promise<void> | undefined;
  const commit = async (): Promise<void> => {
    // Executed here: else it is sent after what asks whether it is on the disk.
    const committed = connection`commit`.execute();
    onDisk = flushStatement(connection).then(() => {});
    // Where the commit fails that is what is told.
    onDisk.catch(() => {});
    await committed;
  };
  const release = (): void => connection.release();
  try {
    const [, result] = await Promise.all([
      // Executed here: else it is sent when it is waited for, which is after the first statement of what follows.
      connection.unsafe(`begin; set local synchronous_commit = off; ${opening}`).execute(),
      work(connection, async (last) => {
        // Where the last statement fails this takes back what was before.
        const [answer] = await Promise.all([last, commit()]);
        return answer;
      }),
    ]);
    if (onDisk === undefined) await connection`commit`;
    const written = onDisk ?? Promise.resolve();
    written.then(release, release);
    return { result, onDisk: written };
  } catch (error) {
    // Where its connection is lost there is nothing to take back; why it failed is the first error.
    await connection`rollback`.catch(() => {});
    release();
    throw error;
  }
}
