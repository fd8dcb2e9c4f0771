/** What a spool is to those who fill and empty it. */
import type { UnixMs } from '@tarsier/protocol';
import type { Dropped, LedgerBook } from '../ledger/book.ts';

export interface SpooledBatch {
  readonly bytes: Uint8Array;
  readonly time: UnixMs;
}

export interface EncodedSchema {
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
}

export interface SpoolStats {
  /** On disk. */
  readonly bytes: number;
  /** Batches that are neither taken nor given up, those in memory included. */
  readonly waiting: number;
  /** Of those, the ones that only memory has, because the disk takes nothing. */
  readonly inMemory: number;
  /** Last tick of the oldest one. */
  readonly oldest: UnixMs | undefined;
  /** Deleted unsent because there was no more room, or because they were too old. */
  readonly dropped: number;
  /** Places on disk that could not be read back. */
  readonly damaged: number;
}

export interface Spool {
  readonly stats: SpoolStats;
  /** What became of all that was appended here. */
  readonly ledger: LedgerBook;
  /** Greater than any epoch that was used in this folder, and not less than `now`. */
  nextEpoch(now: UnixMs): Promise<UnixMs>;
  /**
   * Resolves once the batch, and the schema that it needs, survive a crash.
   *
   * @param time  its last tick
   * @param samples  in it; counted unless given
   * @returns false when only memory has it
   */
  append(batch: Uint8Array, schema: EncodedSchema, time: UnixMs, samples?: number): Promise<boolean>;
  /** What to send now: the newest batch, or else the oldest one that waits. */
  peek(): Promise<SpooledBatch | undefined>;
  /**
   * The batch was stored, or refused for good: it is not sent again.
   *
   * @param refused  what of it was refused; `all`, the whole of it
   */
  acknowledge(batch: SpooledBatch, refused?: readonly Dropped[] | { readonly all: string }): Promise<void>;
  schemaOf(hash: Uint8Array): Promise<Uint8Array | undefined>;
  /** From now on, also after a crash, the batch of this name is sent in halves, cut this way. */
  noteSplit(name: string, cut: string): Promise<void>;
  /** How the batch is cut; undefined while it is sent whole. */
  splitOf(name: string): string | undefined;
  /** The last batch that was refused for good, for a person to look at. */
  keepRefused(batch: Uint8Array, answer: Readonly<Record<string, unknown>>): Promise<void>;
  close(): Promise<void>;
}
