/** Batches out of their table, and segments into theirs. */
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { maxBatchSpanMs, type BatchRecord } from '../batches.ts';
import { readCopy } from '../copy-reader.ts';
import type { Database, TarsierTransaction } from '../database.ts';
import type { HostKey } from '../host-lock.ts';
import { countStored } from '../ledger.ts';
import type { FindPutTogether } from '../put-together.ts';
import { meterTaken } from '../usage.ts';
import { makeSegments, type NewSegment } from './make-segments.ts';

export interface CompactionDatabase extends Pick<Database, 'begin'> {
  readonly findPutTogether: FindPutTogether;
}

/** Most of one step: it is held in memory, and its transaction should be short. */
export interface StepLimits {
  readonly batches: number;
  readonly samples: number;
  /** Of payloads. */
  readonly bytes: number;
}

export interface TakenBatch extends BatchRecord {
  readonly samples: number;
  /** Samples that an agent took; null for what no agent sent. */
  readonly ofAgent: number | null;
  /** Whether it is in a segment or block already: it is only to be deleted. */
  readonly again: boolean;
}

export interface TakenBatches {
  readonly batches: readonly TakenBatch[];
  /** But for those that came again. */
  readonly samples: number;
  /** Whether there may be more than the limits allow. */
  readonly more: boolean;
  /** What they become. */
  readonly segments: readonly NewSegment[];
}

/**
 * Reads a host's batches that have a tick in `from`..`to` (both included), oldest first.
 *
 * @param until  batches that end later are left
 */
export async function takeBatches(
  tx: TarsierTransaction,
  host: HostKey,
  { from, to, until = to + maxBatchSpanMs }: { readonly from: UnixMs; readonly to: UnixMs; readonly until?: UnixMs },
  limits: StepLimits,
  findPutTogether: FindPutTogether,
): Promise<TakenBatches> {
  const span = { first: from - maxBatchSpanMs, from, to, until };
  const read = await readOldest(tx, host, span, limits);
  const seriesOf = await seriesBySchema(tx, host, read);
  // Of other senders two batches may have one name: nothing of theirs is dropped.
  const again = await findPutTogether(
    tx,
    read.filter(({ ofAgent }) => ofAgent !== null),
  );
  const batches: TakenBatch[] = [];
  let [samples, bytes] = [0, 0];
  for (const batch of read) {
    const size = batch.rows * (seriesOf.get(hex(batch.schemaHash))?.length ?? 0);
    const tooMuch = samples + size > limits.samples || bytes + batch.payload.byteLength > limits.bytes;
    if (batches.length === limits.batches || (tooMuch && batches.length > 0)) break;
    batches.push({ ...batch, samples: size, again: again.has(batch) });
    samples += size;
    bytes += batch.payload.byteLength;
  }
  const fresh = batches.filter((batch) => !batch.again);
  const segments = [...Map.groupBy(fresh, ({ schemaHash }) => hex(schemaHash))].flatMap(([hash, ofSchema]) =>
    makeSegments(ofSchema, seriesOf.get(hash) ?? []),
  );
  return {
    batches,
    samples: fresh.reduce((sum, batch) => sum + batch.samples, 0),
    more: batches.length < read.length || bytes > limits.bytes,
    segments,
  };
}

type OldBatch = BatchRecord & HostKey & Pick<TakenBatch, 'ofAgent'>;

/** @param first  tick of the oldest one that may reach into the span */
async function readOldest(
  tx: TarsierTransaction,
  { tenantId, hostId }: HostKey,
  { first, from, to, until }: Record<'first' | 'from' | 'to' | 'until', UnixMs>,
  limits: StepLimits,
): Promise<OldBatch[]> {
  // A copy, for as rows of the driver's the payloads would be hexadecimal text. It takes no parameters: these are numbers.
  // To pg_stat_statements each is another statement; docs/storage-format.md says what to set.
  const copy = await tx
    .unsafe(
      `copy (
        select epoch, seq, t0, t1, rows, schema_hash, payload, samples from (
          select *, sum(length(payload)) over (order by t0, epoch, seq rows unbounded preceding) - length(payload) as before
          from (
            select * from batch
            where tenant_id = ${tenantId} and host_id = ${hostId}
              and t0 between ${first} and ${to} and t1 between ${from} and ${until}
            order by t0, epoch, seq limit ${limits.batches + 1}
          ) as oldest
        ) as measured
        where before <= ${limits.bytes} order by t0, epoch, seq
      ) to stdout (format binary)`,
    )
    .readable();
  const rows = await readCopy(copy);
  const found: OldBatch[] = [];
  while (rows.next()) {
    found.push({
      tenantId,
      hostId,
      epoch: rows.int(),
      seq: rows.int(),
      t0: rows.int(),
      t1: rows.int(),
      rows: rows.int(),
      schemaHash: rows.bytes(),
      payload: rows.bytes(),
      ofAgent: rows.intOrNull(),
    });
  }
  return found;
}

async function seriesBySchema(
  tx: TarsierTransaction,
  { tenantId, hostId }: HostKey,
  batches: readonly BatchRecord[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const hashes = [...new Set(batches.map(({ schemaHash }) => hex(schemaHash)))];
  if (hashes.length === 0) return new Map();
  const rows = await tx<{ hash: string; series_ids: number[] }[]>`
    select encode(hash, 'hex') as hash, series_ids from host_schema
    where tenant_id = ${tenantId} and host_id = ${hostId} and encode(hash, 'hex') = any(${hashes}::text[])`;
  const found = new Map(rows.map(({ hash, series_ids }) => [hash, series_ids]));
  for (const hash of hashes) {
    if (!found.has(hash)) throw new TarsierError('storage/schema', `host ${hostId} has no schema ${hash}`);
  }
  return found;
}

export async function insertSegment(
  tx: TarsierTransaction,
  { tenantId, hostId }: HostKey,
  { hour, t0, t1, rows, schemaHash, head, seriesIds, offsets, data }: NewSegment,
  now: UnixMs,
): Promise<void> {
  await tx`
    insert into segment (tenant_id, host_id, hour, part, created_at, t0, t1, rows, schema_hash, head, series_ids, offsets, data)
    values (
      ${tenantId}, ${hostId}, ${hour},
      (select coalesce(max(part), 0) + 1 from segment
        where tenant_id = ${tenantId} and host_id = ${hostId} and hour = ${hour}),
      ${now}, ${t0}, ${t1}, ${rows}, ${schemaHash}, ${head}, ${[...seriesIds]}::int[], ${[...offsets]}::int[],
      decode(${base64(data)}, 'base64')
    )`;
}

/** @throws {TarsierError} unless all of them are there: they were read in this transaction, under the host's lock */
export async function deleteBatches(
  tx: TarsierTransaction,
  { tenantId, hostId }: HostKey,
  batches: readonly TakenBatch[],
): Promise<void> {
  if (batches.length === 0) return;
  const [first, last] = [batches[0]?.t0 ?? 0, batches.at(-1)?.t0 ?? 0];
  const fresh = batches.filter(({ again }) => !again);
  if (fresh.length > 0) {
    await meterTaken(tx, { tenantId, hostId }, fresh);
    await countStored(tx, { tenantId, hostId }, fresh);
  }
  const deleted = await tx`
    delete from batch b
    using unnest(
      ${batches.map(({ t0 }) => t0)}::bigint[], ${batches.map(({ epoch }) => epoch)}::bigint[],
      ${batches.map(({ seq }) => seq)}::int[]
    ) as k(t0, epoch, seq)
    where b.tenant_id = ${tenantId} and b.host_id = ${hostId} and b.t0 between ${first} and ${last}
      and b.t0 = k.t0 and b.epoch = k.epoch and b.seq = k.seq`;
  if (deleted.count !== batches.length) {
    throw new TarsierError('storage/compaction', `expected to delete ${batches.length} batches, got ${deleted.count}`);
  }
}

/** For what is large: the driver would write it as hex. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
