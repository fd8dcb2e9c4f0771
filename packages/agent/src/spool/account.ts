/** Brings a spool's book and its segments together: what a crash has kept from being counted, and what is gone. */
import { decodeRecord } from './records.ts';
import type { Segment, SegmentBatch } from './segment.ts';
import { dropReasons, hourOf, samplesOf, type LedgerBook } from '../ledger/book.ts';

/**
 * Counts the batches of a segment that were written after the book, and are not done.
 *
 * @param bytes  all of the segment's
 */
export function countNewer(book: LedgerBook, segment: Segment, bytes: Buffer): void {
  const { segment: last, offset } = book.position;
  for (const batch of segment.batches) {
    if (segment.id < last || (segment.id === last && batch.start <= offset)) continue;
    if (batch.done) continue;
    const record = decodeRecord(bytes, batch.start);
    const samples = typeof record === 'object' ? readSamples(record.bytes) : undefined;
    // What can't be read is not sent either.
    if (samples === undefined) continue;
    batch.samples = samples;
    book.take(hourOf(batch.time), samples);
    book.moveTo({ segment: segment.id, offset: batch.start });
  }
}

/**
 * Compares what waits by the book with what is there, once what is done is known: what is missing is lost.
 *
 * @param read  a batch's bytes; undefined when they can't be read
 * @returns samples that are lost
 */
export async function settleLost(
  book: LedgerBook,
  segments: readonly Segment[],
  read: (segment: Segment, batch: SegmentBatch) => Promise<Uint8Array | undefined>,
): Promise<number> {
  const there = Map.groupBy(
    segments.flatMap((segment) =>
      segment.batches.filter(({ done }) => !done).map((batch) => ({ segment, batch, hour: hourOf(batch.time) })),
    ),
    ({ hour }) => hour,
  );
  let lost = 0;
  for (const [hour, waiting] of book.waiting()) {
    const found = there.get(hour) ?? [];
    if (found.length >= waiting.batches) continue;
    let samples = 0;
    for (const { segment, batch } of found) {
      if (batch.samples === undefined) {
        const bytes = await read(segment, batch);
        batch.samples = bytes === undefined ? 0 : (readSamples(bytes) ?? 0);
      }
      samples += batch.samples;
    }
    const missing = waiting.samples - samples;
    lost += missing;
    for (let batch = waiting.batches - found.length; batch > 0; batch--) {
      // Together they are what is missing.
      const some = batch === 1 ? missing : 0;
      book.finish(hour, some, [{ reason: dropReasons.lost, samples: some }]);
    }
  }
  return lost;
}

/** @returns undefined when this version can't read the batch */
export function readSamples(batch: Uint8Array): number | undefined {
  try {
    return samplesOf(batch);
  } catch {
    return undefined;
  }
}
