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

interface Queue {
  readonly maxInFlight: number;
  waiting: Waiting[];
  waitingBytes: number;
  inFlight: number;
}

export interface GroupCommitDeps {
  readonly insert: (batches: readonly NewBatch[]) => Promise<Inserted[]>;
  /** Whether it has to be looked for among what is stored: those that are on time do not wait for that. */
  readonly isLate: (batch: NewBatch) => boolean;
  /** Most payloads that wait in both queues, bytes; late ones take half of it at most. */
  readonly maxWaitingBytes?: number;
}

/** Above it agents are told to come again: they have a spool, the collector has only memory. */
const defaultMaxWaitingBytes = 64 * 1024 * 1024;
/**
 * Of batches on time two: one is written by PostgreSQL while the next one is gathered, and more only split the groups.
 * Late ones come in large numbers, and are dearer the smaller their groups are.
 */
const statementsInFlight = { onTime: 2, late: 1 } as const;

/** Commits the batches of many agents together: what comes while a statement runs goes with the next. */
export function createGroupCommit({
  insert,
  isLate,
  maxWaitingBytes = defaultMaxWaitingBytes,
}: GroupCommitDeps): GroupCommit {
  const onTime: Queue = { maxInFlight: statementsInFlight.onTime, waiting: [], waitingBytes: 0, inFlight: 0 };
  const late: Queue = { maxInFlight: statementsInFlight.late, waiting: [], waitingBytes: 0, inFlight: 0 };
  let drained: (() => void)[] = [];

  function pump(queue: Queue): void {
    while (queue.inFlight < queue.maxInFlight && queue.waiting.length > 0) {
      const group = takeGroup(queue);
      if (group.length === 0) continue;
      queue.inFlight++;
      void write(queue, group);
    }
    if ([onTime, late].every(({ inFlight, waiting }) => inFlight === 0 && waiting.length === 0)) {
      for (const resolve of drained) resolve();
      drained = [];
    }
  }

  /** Late ones are stored slowly: what many of them wait for must not refuse those on time. */
  function hasRoom(queue: Queue, { payload }: NewBatch): boolean {
    if (queue === late && late.waitingBytes + payload.byteLength > maxWaitingBytes / 2) return false;
    return onTime.waitingBytes + late.waitingBytes + payload.byteLength <= maxWaitingBytes;
  }

  function wait(queue: Queue, one: Waiting): void {
    queue.waiting.push(one);
    queue.waitingBytes += one.batch.payload.byteLength;
  }

  function busy(): TarsierError {
    const batches = onTime.waiting.length + late.waiting.length;
    return new TarsierError('ingest/busy', `${batches} batches wait to be stored; send it again later`, {
      retryable: true,
    });
  }

  /** @returns none where all of them have grown late while they waited */
  function takeGroup(queue: Queue): readonly Waiting[] {
    const first = queue.waiting.slice(0, maxBatchesPerInsert);
    queue.waiting = queue.waiting.slice(maxBatchesPerInsert);
    for (const { batch } of first) queue.waitingBytes -= batch.payload.byteLength;
    if (queue === late) return first;
    const { grownLate = [], group = [] } = Object.groupBy(first, ({ batch }) =>
      isLate(batch) ? 'grownLate' : 'group',
    );
    for (const one of grownLate) {
      if (hasRoom(late, one.batch)) wait(late, one);
      else one.reject(busy());
    }
    if (grownLate.length > 0) setImmediate(pump, late);
    return group;
  }

  async function write(queue: Queue, group: readonly Waiting[]): Promise<void> {
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
    queue.inFlight--;
    pump(queue);
  }

  return {
    commit(batch) {
      const queue = isLate(batch) ? late : onTime;
      if (!hasRoom(queue, batch)) return Promise.reject(busy());
      return new Promise((resolve, reject) => {
        wait(queue, { batch, resolve, reject });
        // One turn of the event loop gathers what arrived together.
        if (queue.inFlight === 0 && queue.waiting.length === 1) setImmediate(pump, queue);
        else pump(queue);
      });
    },
    drain: () =>
      new Promise((resolve) => {
        drained.push(resolve);
        pump(onTime);
        pump(late);
      }),
  };
}
