/** What is known of one segment file of a spool: where its batches are, and which of them are done. */
import type { UnixMs } from '@tarsier/protocol';
import { walkSegment } from './records.ts';

export interface SegmentBatch {
  readonly start: number;
  readonly time: UnixMs;
  /** Undefined until it was read. */
  samples?: number;
  /** Why it is not to be sent any more. */
  droppedAs?: string;
  /** Taken by the collector, refused for good, too old or unreadable. */
  done: boolean;
}

export class Segment {
  readonly id: number;
  bytes = 0;
  readonly batches: SegmentBatch[] = [];
  /** Batches that are not done. */
  waiting = 0;
  /** Where each schema is, by its hash. */
  readonly schemas = new Map<string, number>();
  /** Names of batches that are sent in halves, and how they are cut. */
  readonly splits = new Map<string, string>();
  #first = 0;

  constructor(id: number) {
    this.id = id;
  }

  add(start: number, time: UnixMs, samples?: number): void {
    this.batches.push({ start, time, done: false, ...(samples === undefined ? {} : { samples }) });
    this.waiting++;
  }

  finish(batch: SegmentBatch): void {
    if (!batch.done) this.waiting--;
    batch.done = true;
  }

  oldest(): SegmentBatch | undefined {
    while (this.batches[this.#first]?.done === true) this.#first++;
    return this.batches[this.#first];
  }

  /** Of the batches that are not done; those before it in time are. */
  get lastTime(): UnixMs {
    return this.batches.at(-1)?.time ?? 0;
  }
}

export interface ReadSegment {
  readonly segment: Segment;
  /** Places where bytes are that nobody wrote. */
  readonly damaged: number;
  /** Bytes of half a record at the end. */
  readonly torn: number;
}

/** @param hashOf  names a schema by its bytes */
export function readSegment(id: number, bytes: Buffer, hashOf: (schema: Uint8Array) => string): ReadSegment {
  const segment = new Segment(id);
  let damaged = 0;
  let torn = 0;
  for (const part of walkSegment(bytes)) {
    if (part.kind === 'damaged') damaged++;
    else if (part.kind === 'torn') torn = part.end - part.start;
    else if (part.type === 'schema') segment.schemas.set(hashOf(part.bytes), part.start);
    else if (part.type === 'split') {
      const [name = '', cut = ''] = Buffer.from(part.bytes).toString('latin1').split(' ');
      segment.splits.set(name, cut);
    } else segment.add(part.start, part.time);
  }
  segment.bytes = bytes.length - torn;
  return { segment, damaged, torn };
}

/**
 * What is done, as text: a line per segment with its number and ranges of offsets, `3 0-1200 4800-6000`. Segments
 * that hold nothing done have no line, and what is done goes in runs: the file stays small.
 */
export function encodeProgress(segments: readonly Segment[]): string {
  return segments
    .map(({ id, batches }) => {
      const ranges: { from: number; to: number }[] = [];
      let open: { from: number; to: number } | undefined;
      for (const { start, done } of batches) {
        if (!done) open = undefined;
        else if (open === undefined) ranges.push((open = { from: start, to: start }));
        else open.to = start;
      }
      return ranges.length === 0 ? '' : `${[id, ...ranges.map(({ from, to }) => `${from}-${to}`)].join(' ')}\n`;
    })
    .join('');
}

/** Marks as done what {@link encodeProgress} wrote; anything else is passed over: it is only sent again. */
export function applyProgress(text: string, segments: readonly Segment[]): void {
  for (const line of text.split('\n')) {
    const [id, ...ranges] = line.split(' ');
    const segment = segments.find((one) => String(one.id) === id);
    if (segment === undefined) continue;
    for (const range of ranges) {
      const [from = Number.NaN, to = Number.NaN] = range.split('-').map(Number);
      for (const batch of segment.batches) if (batch.start >= from && batch.start <= to) segment.finish(batch);
    }
  }
}

/** The highest segment number in what {@link encodeProgress} wrote; 0 when there is none. */
export function lastIdIn(text: string): number {
  return Math.max(
    0,
    ...text
      .split('\n')
      .flatMap((line) => /^(\d+) /u.exec(line)?.[1] ?? [])
      .map(Number),
  );
}
