/**
 * A queue of batches on disk: written before anything is sent, so that neither an absent collector nor a killed agent
 * loses a tick. Segments are appended to and deleted whole, the oldest first when there is no more room.
 */
import { mkdir, open, readdir, readFile, rename, rm, truncate, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, type UnixMs } from '@tarsier/protocol';
import { schemaHash } from '@tarsier/protocol/zstd';
import type { Log } from './log.ts';
import { decodeRecord, encodeRecord, type SpoolRecord } from './spool-records.ts';

export interface SpooledBatch {
  readonly bytes: Uint8Array;
  readonly segment: number;
  /** Behind it, where the next record begins. */
  readonly end: number;
}

export interface SpoolStats {
  bytes: number;
  /** Batches that were deleted unsent because there was no more room. */
  dropped: number;
}

export interface Spool {
  readonly stats: SpoolStats;
  /** Greater than any epoch that was used in this folder, and not less than `now`. */
  nextEpoch(now: UnixMs): Promise<UnixMs>;
  /** Resolves once the batch, and the schema that it needs, survive a crash. @returns false when only memory has it */
  append(batch: Uint8Array, schema: { readonly hash: Uint8Array; readonly bytes: Uint8Array }): Promise<boolean>;
  /** The oldest batch that is not acknowledged. */
  peek(): Promise<SpooledBatch | undefined>;
  /** The batch was stored, or refused for good: it is not sent again. */
  acknowledge(batch: SpooledBatch): Promise<void>;
  schemaOf(hash: Uint8Array): Uint8Array | undefined;
  close(): Promise<void>;
}

interface Segment {
  readonly id: number;
  bytes: number;
  /** Batches that are not acknowledged. */
  batches: number;
}

const defaultSegmentBytes = 4 * 1024 * 1024;
/** Read at once: a few batches. */
const readBytes = 64 * 1024;
/** Batches in memory while the disk takes none. */
const maxInMemory = 360;

export async function openSpool({
  folder,
  maxBytes,
  segmentBytes = Math.min(defaultSegmentBytes, maxBytes / 4),
  log,
}: {
  readonly folder: string;
  readonly maxBytes: number;
  readonly segmentBytes?: number;
  readonly log: Log;
}): Promise<Spool> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const schemas = new Map<string, Uint8Array>();
  const segments: Segment[] = [];
  const stats: SpoolStats = { bytes: 0, dropped: 0 };
  const inMemory: SpooledBatch[] = [];
  let cursor = await readCursor(folder);
  let writing: { readonly segment: Segment; readonly file: FileHandle } | undefined;
  let reading: { readonly id: number; readonly file: FileHandle } | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let diskFailed = false;

  /** One at a time: appends, reads and deletions never see each other half done. */
  function exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work);
    queue = result.catch(() => {});
    return result;
  }

  for (const id of await segmentIds(folder)) {
    const file = fileOf(folder, id);
    const bytes = await readFile(file);
    const sentUntil = id < cursor.segment ? bytes.length : id === cursor.segment ? cursor.offset : 0;
    const { end, batches } = scan(bytes, sentUntil, (schema) => schemas.set(hex(schemaHash(schema)), schema));
    // Half a record at the end is what a crash left; it was never acknowledged to anybody.
    if (end < bytes.length) await truncate(file, end);
    segments.push({ id, bytes: end, batches });
    stats.bytes += end;
  }

  async function segmentFor(schema: {
    readonly hash: Uint8Array;
    readonly bytes: Uint8Array;
  }): Promise<{ segment: Segment; file: FileHandle; records: Buffer[] }> {
    const key = hex(schema.hash);
    const isNew = !schemas.has(key);
    const records = isNew ? [encodeRecord('schema', schema.bytes)] : [];
    if (writing !== undefined && writing.segment.bytes < segmentBytes) {
      schemas.set(key, schema.bytes);
      return { ...writing, records };
    }
    await writing?.file.close();
    const id = Math.max(segments.at(-1)?.id ?? 0, cursor.segment) + 1;
    const segment = { id, bytes: 0, batches: 0 };
    const file = await open(fileOf(folder, id), 'a', 0o600);
    segments.push(segment);
    writing = { segment, file };
    schemas.set(key, schema.bytes);
    // Each segment holds the schema that its batches need, whichever other ones are deleted.
    return { segment, file, records: [encodeRecord('schema', schema.bytes)] };
  }

  async function makeRoom(): Promise<void> {
    while (stats.bytes > maxBytes && segments.length > 1) {
      const oldest = segments[0];
      if (oldest === undefined) return;
      stats.dropped += oldest.batches;
      if (oldest.batches > 0)
        log.warn('the spool is full; the oldest batches are dropped', {
          batches: oldest.batches,
          spoolBytes: stats.bytes,
        });
      await removeSegment(oldest);
    }
  }

  async function removeSegment(segment: Segment): Promise<void> {
    segments.splice(segments.indexOf(segment), 1);
    stats.bytes -= segment.bytes;
    if (reading?.id === segment.id) await stopReading();
    await rm(fileOf(folder, segment.id), { force: true });
  }

  function keepInMemory(bytes: Uint8Array, schema: { readonly hash: Uint8Array; readonly bytes: Uint8Array }): void {
    schemas.set(hex(schema.hash), schema.bytes);
    if (inMemory.length === maxInMemory) {
      inMemory.shift();
      stats.dropped++;
    }
    inMemory.push({ bytes, segment: -1, end: 0 });
  }

  async function recordAt(segment: Segment, offset: number): Promise<SpoolRecord | undefined> {
    if (offset >= segment.bytes) return undefined;
    if (reading?.id !== segment.id) {
      await stopReading();
      reading = { id: segment.id, file: await open(fileOf(folder, segment.id), 'r') };
    }
    for (let size = readBytes; ; size *= 8) {
      const length = Math.min(size, segment.bytes - offset);
      const { buffer } = await reading.file.read(Buffer.allocUnsafe(length), 0, length, offset);
      const record = decodeRecord(buffer, 0);
      if (record !== undefined || length === segment.bytes - offset) return record;
    }
  }

  async function stopReading(): Promise<void> {
    await reading?.file.close();
    reading = undefined;
  }

  async function nextOnDisk(): Promise<SpooledBatch | undefined> {
    for (const segment of segments) {
      if (segment.id < cursor.segment) continue;
      let offset = segment.id === cursor.segment ? cursor.offset : 0;
      for (
        let record = await recordAt(segment, offset);
        record !== undefined;
        record = await recordAt(segment, offset)
      ) {
        offset += record.end;
        if (record.type === 'batch') return { bytes: record.bytes, segment: segment.id, end: offset };
      }
    }
    return undefined;
  }

  return {
    stats,

    nextEpoch: (now) =>
      exclusively(async () => {
        const file = join(folder, 'epoch');
        const last = Number(await readFile(file, 'utf8').catch(() => '0'));
        const epoch = Math.max(now, (Number.isFinite(last) ? last : 0) + 1);
        await writeWhole(file, String(epoch));
        return epoch;
      }),

    append: (batch, schema) =>
      exclusively(async () => {
        try {
          const { segment, file, records } = await segmentFor(schema);
          const bytes = Buffer.concat([...records, encodeRecord('batch', batch)]);
          const { bytesWritten } = await file.write(bytes);
          if (bytesWritten < bytes.length)
            throw new Error(`only ${bytesWritten} of ${bytes.length} bytes could be written`);
          await file.datasync();
          segment.bytes += bytes.length;
          segment.batches++;
          stats.bytes += bytes.length;
          diskFailed = false;
        } catch (error) {
          if (!diskFailed)
            log.error('the spool can not be written; batches wait in memory', { folder, why: describeError(error) });
          diskFailed = true;
          await writing?.file.close().catch(() => {});
          // What was half written stays behind; the next try begins a segment of its own.
          writing = undefined;
          keepInMemory(batch, schema);
          return false;
        }
        await makeRoom();
        return true;
      }),

    peek: () => exclusively(async () => (await nextOnDisk()) ?? inMemory[0]),

    acknowledge: (batch) =>
      exclusively(async () => {
        if (batch.segment < 0) {
          inMemory.splice(inMemory.indexOf(batch), 1);
          return;
        }
        cursor = { segment: batch.segment, offset: batch.end };
        const sent = segments.find(({ id }) => id === batch.segment);
        if (sent !== undefined) sent.batches--;
        // Lost with a crash, it only means that a batch is sent again, and stored once all the same.
        await writeWhole(join(folder, 'cursor'), `${cursor.segment} ${cursor.offset}`);
        for (const segment of segments.slice()) {
          const read = segment.id < cursor.segment || (segment.id === cursor.segment && cursor.offset >= segment.bytes);
          if (read && segment !== writing?.segment) await removeSegment(segment);
        }
      }),

    schemaOf: (hash) => schemas.get(hex(hash)),

    close: () =>
      exclusively(async () => {
        await writing?.file.close();
        writing = undefined;
        await stopReading();
      }),
  };
}

/** Goes over whole records. @returns where they end, and how many behind `sentUntil` are batches */
function scan(
  segment: Buffer,
  sentUntil: number,
  onSchema: (bytes: Uint8Array) => void,
): { readonly end: number; readonly batches: number } {
  let end = 0;
  let batches = 0;
  for (let record = decodeRecord(segment, end); record !== undefined; record = decodeRecord(segment, end)) {
    if (record.type === 'schema') onSchema(Uint8Array.from(record.bytes));
    else if (record.end > sentUntil) batches++;
    end = record.end;
  }
  return { end, batches };
}

async function readCursor(folder: string): Promise<{ readonly segment: number; readonly offset: number }> {
  const [segment = 0, offset = 0] = (await readFile(join(folder, 'cursor'), 'utf8').catch(() => ''))
    .split(' ')
    .map(Number);
  return Number.isInteger(segment) && Number.isInteger(offset) ? { segment, offset } : { segment: 0, offset: 0 };
}

/** There is always a whole file, the former one or the new one. */
async function writeWhole(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

async function segmentIds(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .flatMap((name) => /^(\d+)\.segment$/u.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
}

function fileOf(folder: string, id: number): string {
  return join(folder, `${String(id).padStart(10, '0')}.segment`);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
