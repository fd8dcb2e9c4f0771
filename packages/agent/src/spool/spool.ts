/**
 * A queue of batches on disk: written before anything is sent, so that neither an absent collector nor a killed agent
 * loses a tick. Segments are appended to and deleted whole. The newest batch goes out first, so that "now" is seen at
 * once after an outage; then what is left, oldest first, until there is a newer one.
 */
import { open, readFile, rm, truncate, type FileHandle } from 'node:fs/promises';
import { describeError, type UnixMs } from '@tarsier/protocol';
import { schemaHash } from '@tarsier/protocol/zstd';
import { dropReasons, hourOf, openBook } from '../ledger/book.ts';
import type { Log } from '../log.ts';
import { countNewer, readSamples, settleLost } from './account.ts';
import {
  isErrno,
  makeSpoolFolder,
  overwrite,
  readText,
  segmentFile,
  segmentIds,
  spoolFiles,
  writeWhole,
  writeWholeDurably,
} from './files.ts';
import { lockFolder } from './lock.ts';
import { decodeRecord, encodeRecord, type RecordType } from './records.ts';
import type { EncodedSchema, Spool, SpooledBatch } from './contract.ts';
import { applyProgress, encodeProgress, lastIdIn, readSegment, Segment, type SegmentBatch } from './segment.ts';

/** A batch that was handed out or that memory holds, and where it is on disk, if it is. */
interface Held extends SpooledBatch {
  readonly schema?: EncodedSchema;
  readonly samples?: number;
  /** Whether it is in the account. */
  counted?: boolean;
  /** Why it is not to be sent any more, although it may be on its way. */
  droppedAs?: string;
  place?: { readonly segment: Segment; readonly batch: SegmentBatch };
}

const defaultSegmentBytes = 1024 * 1024;
/** Read at once: a few batches. */
const readBytes = 64 * 1024;
/** Batches in memory while the disk takes none. */
const mostInMemory = { batches: 360, bytes: 4 * 1024 * 1024 } as const;
const dayMs = 86_400_000;

/** @throws {TarsierError} `spool/in-use`, `spool/folder` */
export async function openSpool({
  folder,
  maxBytes,
  maxAgeMs = dayMs,
  segmentBytes = Math.min(defaultSegmentBytes, Math.floor(maxBytes / 4)),
  now = Date.now,
  log,
}: {
  readonly folder: string;
  readonly maxBytes: number;
  /** Older batches are given up: the collector would refuse them. */
  readonly maxAgeMs?: number;
  readonly segmentBytes?: number;
  readonly now?: () => UnixMs;
  readonly log: Log;
}): Promise<Spool> {
  makeSpoolFolder(folder);
  const lock = await lockFolder(folder);
  const segments: Segment[] = [];
  const inMemory: Held[] = [];
  const counts = { bytes: 0, dropped: 0, damaged: 0 };
  const splits = new Map<string, string>();
  /** The batch that was appended last, unless it is done: it need not be read back. */
  let latest: Held | undefined;
  let currentSchema: EncodedSchema | undefined;
  const progress = await readText(folder, spoolFiles.progress);
  const { book, crashed } = openBook(progress);
  let writing: { readonly segment: Segment; readonly file: FileHandle } | undefined;
  let reading: { readonly id: number; readonly file: FileHandle } | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let diskFailed = false;
  let lastId = 0;

  /** One at a time: appends, reads and deletions never see each other half done. */
  function exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work);
    queue = result.catch(() => {});
    return result;
  }

  async function load(): Promise<void> {
    for (const id of await segmentIds(folder)) {
      const file = segmentFile(folder, id);
      const content = await readFile(file);
      const { segment, damaged, torn } = readSegment(id, content, (bytes) => hex(schemaHash(bytes)));
      // First what is done: of that there was no account only with an agent that kept none.
      applyProgress(progress, [segment]);
      countNewer(book, segment, content);
      // What a crash left half written was never acknowledged to anybody.
      if (torn > 0) await truncate(file, segment.bytes).catch(() => {});
      if (damaged > 0) log.warn('a part of the spool can not be read; it is left out', { file, places: damaged });
      for (const [name, cut] of segment.splits) splits.set(name, cut);
      segments.push(segment);
      counts.bytes += segment.bytes;
      counts.damaged += damaged;
    }
    // A number is never used twice: what was done in a deleted segment must not pass for done in a new one.
    lastId = Math.max(segments.at(-1)?.id ?? 0, lastIdIn(progress), book.position.segment);
    if (crashed) book.crash(hourOf(now()));
    const lost = await settleLost(book, segments, (segment, { start }) => readable(segment, start, 'batch'));
    if (lost > 0) log.warn('samples that were spooled are not there any more', { samples: lost });
    await saveProgress().catch(() => {});
  }

  /** What is done, and the account of it: as of one moment. @param open  whether this agent still works with it */
  async function saveProgress({ durably = false, open: inUse = true } = {}): Promise<void> {
    const content = `${encodeProgress(segments)}${book.encode(inUse)}`;
    try {
      await (durably ? writeWholeDurably : writeWhole)(folder, spoolFiles.progress, content);
    } catch (error) {
      if (!isErrno(error, 'ENOSPC', 'EDQUOT')) throw error;
      // What is sent from memory meanwhile is in no other account.
      await overwrite(folder, spoolFiles.progress, content);
    }
  }

  /** A batch on disk that will not be sent. */
  async function giveUp(segment: Segment, batch: SegmentBatch, reason: string): Promise<void> {
    if (batch.samples === undefined) {
      const bytes = await readable(segment, batch.start, 'batch');
      const samples = bytes === undefined ? undefined : readSamples(bytes);
      if (samples !== undefined) batch.samples = samples;
    }
    segment.finish(batch);
    // What can't be read is missed when the spool is opened next, and then it is known how much it was.
    const { samples } = batch;
    if (samples === undefined) return;
    batch.droppedAs = reason;
    book.finish(hourOf(batch.time), samples, [{ reason, samples }]);
  }

  async function writable(): Promise<{ segment: Segment; file: FileHandle }> {
    if (writing !== undefined && writing.segment.bytes < segmentBytes) return writing;
    await writing?.file.close();
    // The next start reads again what was written since.
    if (writing !== undefined) await saveProgress().catch(() => {});
    writing = undefined;
    const segment = new Segment(++lastId);
    const file = await open(segmentFile(folder, segment.id), 'a', 0o600);
    segments.push(segment);
    return (writing = { segment, file });
  }

  async function write(records: readonly Buffer[]): Promise<void> {
    const { segment, file } = await writable();
    const bytes = Buffer.concat(records);
    try {
      const { bytesWritten } = await file.write(bytes);
      if (bytesWritten < bytes.length)
        throw new Error(`only ${bytesWritten} of ${bytes.length} bytes could be written`);
      await file.datasync();
    } catch (error) {
      // Half a record must not stay in the middle.
      await file.truncate(segment.bytes).catch(async () => {
        writing = undefined;
        await file.close().catch(() => {});
      });
      throw error;
    }
    segment.bytes += bytes.length;
    counts.bytes += bytes.length;
  }

  /** Each segment holds the schemas that its batches need, whichever other ones are deleted. */
  async function writeBatch(held: Held, schema: EncodedSchema): Promise<void> {
    const { segment } = await writable();
    const key = hex(schema.hash);
    const known = segment.schemas.has(key);
    const schemaRecord = known ? [] : [encodeRecord('schema', 0, schema.bytes)];
    const at = segment.bytes;
    await write([...schemaRecord, encodeRecord('batch', held.time, held.bytes)]);
    if (!known) segment.schemas.set(key, at);
    segment.add(at + (schemaRecord[0]?.length ?? 0), held.time, held.samples);
    const batch = segment.batches.at(-1);
    if (batch === undefined) return;
    held.place = { segment, batch };
    // Counted together with where it is: a book that is written in between would have it twice after a crash.
    if (held.counted !== true) book.take(hourOf(held.time), held.samples ?? 0);
    book.moveTo({ segment: segment.id, offset: batch.start });
    if (held.counted === true) await saveProgress().catch(() => {});
    held.counted = true;
  }

  function boundMemory(): void {
    let bytes = inMemory.reduce((sum, held) => sum + held.bytes.byteLength, 0);
    while (inMemory.length > 1 && (inMemory.length > mostInMemory.batches || bytes > mostInMemory.bytes)) {
      const first = inMemory.shift();
      if (first === undefined) return;
      bytes -= first.bytes.byteLength;
      counts.dropped++;
      first.droppedAs = dropReasons.memory;
      const { time, samples = 0 } = first;
      book.finish(hourOf(time), samples, [{ reason: dropReasons.memory, samples }]);
    }
  }

  async function makeRoom(): Promise<void> {
    const tooOld = now() - maxAgeMs;
    for (;;) {
      const [oldest, next] = segments;
      if (oldest === undefined || next === undefined) return;
      const full = counts.bytes > maxBytes;
      if (!full && oldest.lastTime >= tooOld) return;
      if (oldest.waiting > 0)
        log.warn(
          full ? 'the spool is full; its oldest batches are dropped' : 'batches too old to be sent are dropped',
          {
            batches: oldest.waiting,
            spoolBytes: counts.bytes,
          },
        );
      counts.dropped += oldest.waiting;
      for (const batch of oldest.batches)
        if (!batch.done) await giveUp(oldest, batch, full ? dropReasons.full : dropReasons.old);
      await saveProgress({ durably: true }).catch(() => {});
      await remove(oldest);
    }
  }

  async function remove(segment: Segment): Promise<void> {
    segments.splice(segments.indexOf(segment), 1);
    counts.bytes -= segment.bytes;
    for (const name of segment.splits.keys()) splits.delete(name);
    if (reading?.id === segment.id) await stopReading();
    await rm(segmentFile(folder, segment.id), { force: true }).catch(() => {});
  }

  async function removeDone(): Promise<void> {
    for (const segment of segments.slice()) {
      // A note about an older batch is needed as long as that batch may be.
      const noted = segment.splits.size > 0 && segment !== segments[0];
      if (segment.waiting > 0 || noted || segment === writing?.segment) continue;
      // The file goes after what it held is known to be done: a power cut must not leave neither.
      await saveProgress({ durably: true }).catch(() => {});
      await remove(segment);
    }
  }

  async function stopReading(): Promise<void> {
    await reading?.file.close();
    reading = undefined;
  }

  async function recordAt(segment: Segment, offset: number, type: RecordType): Promise<Uint8Array | undefined> {
    if (reading?.id !== segment.id) {
      await stopReading();
      reading = { id: segment.id, file: await open(segmentFile(folder, segment.id), 'r') };
    }
    for (let size = readBytes; ; size *= 8) {
      const length = Math.min(size, segment.bytes - offset);
      const { buffer, bytesRead } = await reading.file.read(Buffer.allocUnsafe(length), 0, length, offset);
      const record = decodeRecord(buffer.subarray(0, bytesRead), 0);
      if (typeof record === 'object' && record.type === type) return record.bytes;
      if (record !== 'short' || length === segment.bytes - offset) return undefined;
    }
  }

  /** @returns undefined when it is not there or damaged; what may pass (too many open files) is thrown */
  async function readable(segment: Segment, offset: number, type: RecordType): Promise<Uint8Array | undefined> {
    try {
      return await recordAt(segment, offset, type);
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'EIO')) return undefined;
      throw error;
    }
  }

  async function oldestOnDisk(): Promise<Held | undefined> {
    const tooOld = now() - maxAgeMs;
    for (const segment of segments) {
      for (let batch = segment.oldest(); batch !== undefined; batch = segment.oldest()) {
        const { time } = batch;
        if (time < tooOld) {
          counts.dropped++;
          await giveUp(segment, batch, dropReasons.old);
          continue;
        }
        const bytes = await readable(segment, batch.start, 'batch');
        if (bytes !== undefined) return { bytes, time, place: { segment, batch } };
        segment.finish(batch);
        if (counts.damaged++ === 0)
          log.warn('a batch in the spool can not be read back; it is left out', { segment: segment.id });
      }
    }
    return undefined;
  }

  await load();

  return {
    ledger: book,
    stats: {
      get bytes() {
        return counts.bytes;
      },
      get waiting() {
        return segments.reduce((sum, { waiting }) => sum + waiting, inMemory.length);
      },
      get inMemory() {
        return inMemory.length;
      },
      get oldest() {
        return segments.find(({ waiting }) => waiting > 0)?.oldest()?.time ?? inMemory[0]?.time;
      },
      get dropped() {
        return counts.dropped;
      },
      get damaged() {
        return counts.damaged;
      },
    },

    nextEpoch: (now) =>
      exclusively(async () => {
        const last = Number(await readText(folder, spoolFiles.epoch));
        const epoch = Math.max(now, (Number.isFinite(last) ? last : 0) + 1);
        await writeWhole(folder, spoolFiles.epoch, String(epoch)).catch((error: unknown) => {
          log.error('the spool can not be written; batches wait in memory', { folder, why: describeError(error) });
          diskFailed = true;
        });
        return epoch;
      }),

    append: (bytes, schema, time, samples = readSamples(bytes) ?? 0) =>
      exclusively(async () => {
        const held: Held = { bytes, time, schema, samples };
        inMemory.push(held);
        latest = held;
        currentSchema = schema;
        try {
          for (let [first] = inMemory; first?.schema !== undefined; [first] = inMemory) {
            await writeBatch(first, first.schema);
            inMemory.shift();
          }
        } catch (error) {
          if (!diskFailed)
            log.error('the spool can not be written; batches wait in memory', { folder, why: describeError(error) });
          diskFailed = true;
          if (held.counted !== true) book.take(hourOf(time), samples);
          held.counted = true;
          boundMemory();
          return false;
        }
        if (diskFailed) log.info('the spool can be written again', { folder });
        diskFailed = false;
        await makeRoom();
        return true;
      }),

    peek: () => exclusively(async () => latest ?? (await oldestOnDisk()) ?? inMemory[0]),

    acknowledge: (batch, refused = []) =>
      exclusively(async () => {
        const held: Held = batch;
        if (latest === held) latest = undefined;
        if (inMemory.includes(held)) inMemory.splice(inMemory.indexOf(held), 1);
        const droppedAs = held.droppedAs ?? held.place?.batch.droppedAs;
        const samples = held.samples ?? held.place?.batch.samples ?? readSamples(held.bytes) ?? 0;
        const dropped = 'all' in refused ? [{ reason: refused.all, samples }] : refused;
        // It was given up while it was on its way, and has arrived.
        if (droppedAs !== undefined) book.takeBack(hourOf(held.time), samples, droppedAs);
        else if (held.place?.batch.done === true) return;
        held.place?.segment.finish(held.place.batch);
        book.finish(hourOf(held.time), samples, dropped);
        // Lost with a crash, it only means that a batch is sent again, and stored once all the same.
        await saveProgress().catch(() => {});
        await removeDone();
      }),

    schemaOf: (hash) =>
      exclusively(async () => {
        const key = hex(hash);
        for (const schema of [currentSchema, ...inMemory.map((held) => held.schema)])
          if (schema !== undefined && hex(schema.hash) === key) return schema.bytes;
        for (const segment of segments) {
          const offset = segment.schemas.get(key);
          if (offset !== undefined) return readable(segment, offset, 'schema');
        }
        return undefined;
      }),

    noteSplit: (name, cut) =>
      exclusively(async () => {
        splits.set(name, cut);
        try {
          const { segment } = await writable();
          await write([encodeRecord('split', 0, Buffer.from(`${name} ${cut}`, 'latin1'))]);
          segment.splits.set(name, cut);
        } catch (error) {
          log.warn('the spool can not be written', { folder, why: describeError(error) });
        }
      }),

    splitOf: (name) => splits.get(name),

    async keepRefused(batch, answer) {
      try {
        await writeWhole(folder, spoolFiles.refused, batch);
        await writeWhole(folder, spoolFiles.refusal, `${JSON.stringify(answer, undefined, 2)}\n`);
      } catch (error) {
        log.warn('the refused batch could not be kept', { folder, why: describeError(error) });
      }
    },

    close: () =>
      exclusively(async () => {
        await saveProgress({ open: false }).catch(() => {});
        await writing?.file.close();
        writing = undefined;
        await stopReading();
        await lock?.release();
      }),
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
