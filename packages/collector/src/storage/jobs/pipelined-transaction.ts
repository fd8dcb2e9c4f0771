import type { TarsierSql } from '../database.ts';
import { flushStatement } from '../scoped-pool.ts';

/** What a transaction did, as others see it already. */
export interface Early<T> {
  readonly result: T;
  /** Resolves once it is on the disk; rejects where that is not certain. */
  readonly onDisk: Promise<void>;
}

export interface LastStatement<L> {
  /** Of the statement: always the same for the same text. */
  readonly name: string;
  /** Executes it. */
  readonly send: () => Promise<L>;
  /** Whether there is anything that has to be on the disk; true where it is left out. */
  readonly wrote?: (answer: L) => boolean;
}

/** Sends the commit with the last statement. @returns once others see both */
export type CommitWith = <L>(last: LastStatement<L>) => Promise<L>;

/**
 * Connections for transactions whose begin is sent together with what follows, and whose commit goes with their last
 * statement. Their locks are free, and others see them, before they are on the disk.
 */
export interface Pipelines {
  /**
   * @param opening  what it begins with, which needs no answer
   * @param work  is given what commits; one that does not call it has written nothing
   */
  transaction<T>(opening: string, work: (tx: TarsierSql, commitWith: CommitWith) => Promise<T>): Promise<Early<T>>;
  close(): Promise<void>;
}

interface Slot {
  readonly sql: TarsierSql;
  /**
   * Last statements that its connection has prepared. The driver asks once what a statement's parameters are, and
   * would send what is to come after it before the answer.
   */
  readonly prepared: Set<string>;
  transactions: number;
}

/** @param open  makes a client of one connection, which tells when that is closed and makes another when it is needed */
export function createPipelines(size: number, open: (onClose: () => void) => TarsierSql): Pipelines {
  const slots = Array.from({ length: size }, (): Slot => {
    const prepared = new Set<string>();
    return { sql: open(() => prepared.clear()), prepared, transactions: 0 };
  });

  // The first that is free has done most of it before.
  const take = (): Slot | undefined =>
    slots.find(({ transactions }) => transactions === 0) ??
    slots.toSorted((a, b) => a.transactions - b.transactions)[0];

  return {
    async transaction(opening, work) {
      const slot = take();
      if (slot === undefined) throw new RangeError('size: expected at least 1');
      slot.transactions++;
      try {
        const done = await transaction(slot, opening, work);
        const over = (): void => void slot.transactions--;
        done.onDisk.then(over, over);
        return done;
      } catch (error) {
        slot.transactions--;
        throw error;
      }
    },
    async close() {
      await Promise.all(slots.map(({ sql }) => sql.end({ timeout: 5 })));
    },
  };
}

async function transaction<T>(
  { sql, prepared }: Slot,
  opening: string,
  work: (tx: TarsierSql, commitWith: CommitWith) => Promise<T>,
): Promise<Early<T>> {
  const connection = await sql.reserve();
  let onDisk: Promise<void> | undefined;
  // Executed here: else it is sent when it is waited for, which is after the first statement of what follows.
  const begun = connection.unsafe(`begin; set local synchronous_commit = off; ${opening}`).execute();
  const commitWith: CommitWith = async ({ name, send, wrote = () => true }) => {
    const isPrepared = prepared.has(name);
    if (!isPrepared) await begun;
    const last = send();
    if (!isPrepared) await last;
    // Where the last statement fails it takes back what was before.
    const answered = Promise.all([last, connection`commit`.execute()]);
    onDisk = answered.then(async ([answer]) => {
      prepared.add(name);
      if (wrote(answer)) await flushStatement(connection);
    });
    // Where one of them fails that is what is told.
    onDisk.catch(() => {});
    return (await answered)[0];
  };
  const release = (): void => connection.release();
  try {
    const [, result] = await Promise.all([begun, work(connection, commitWith)]);
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
