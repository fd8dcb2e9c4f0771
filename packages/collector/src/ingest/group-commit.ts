import { TarsierError } from '@tarsier/protocol';
import { maxBatchesPerInsert, type Inserted, type NewBatch } from '../storage/batches.ts';

export interface GroupCommit {
  /**
   * Resolves once the batch is committed, or was before, or can't be because its host is gone.
   *
   * @throws {TarsierError} `ingest/busy` when too much waits, `ingest/database` when the database fails; both retryable
   */
  commit(batch: NewBatch): Promise<Inserted>;
  /** Resolves when everything that was taken is committed or failed. */
  drain(): Promise<void>;
}

interface Waiting {
  readonly batch: NewBatch;
  readonly resolve: (inserted: Inserted) => void;
  readonly reject: (error: Error) => void;
}

/** Above it agents are told to come again: they have a spool, the collector has only memory. */
const maxWaitingBytes = 64 * 1024 * 1024;

/**
 * Commits the batches of many agents together: what comes while a statement runs goes with the next.
 *
 * @param maxInFlight  statements at a time
 */
export function createGroupCommit(
  insert: (batches: readonly NewBatch[]) => Promise<Inserted[]>,
  maxInFlight: number,
): GroupCommit {
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  let inFlight = 0;
  let drained: (() => void)[] = [];

  function pump(): void {
    while (inFlight < maxInFlight && waiting.length > 0) {
      const group = waiting.slice(0, maxBatchesPerInsert);
      waiting = waiting.slice(maxBatchesPerInsert);
      for (const { batch } of group) waitingBytes -= batch.payload.byteLength;
      inFlight++;
      void write(group);
    }
    if (inFlight === 0) {
      for (const resolve of drained) resolve();
      drained = [];
    }
  }

  async function write(group: readonly Waiting[]): Promise<void> {
    try {
      const inserted = await insert(group.map(({ batch }) => batch));
      for (const [index, { resolve }] of group.entries()) resolve(inserted[index] ?? 'known');
    } catch (cause) {
      const error = new TarsierError('ingest/database', 'the batch could not be stored; send it again', {
        cause,
        retryable: true,
      });
      for (const { reject } of group) reject(error);
    }
    inFlight--;
    pump();
  }

  return {
    commit(batch) {
      if (waitingBytes + batch.payload.byteLength > maxWaitingBytes) {
        return Promise.reject(
          new TarsierError('ingest/busy', `${waiting.length} batches wait to be stored; send it again later`, {
            retryable: true,
          }),
        );
      }
      return new Promise((resolve, reject) => {
        waiting.push({ batch, resolve, reject });
        waitingBytes += batch.payload.byteLength;
        // One turn of the event loop gathers what arrived together.
        if (inFlight === 0 && waiting.length === 1) setImmediate(pump);
        else pump();
      });
    },
    drain: () =>
      new Promise((resolve) => {
        drained.push(resolve);
        pump();
      }),
  };
}
