import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { BatchRecord } from '../batches.ts';
import type { TarsierSql, TarsierTransaction } from '../database.ts';
import { lockHost, type HostKey } from '../host-lock.ts';
import { makeSegments, type NewSegment } from './make-segments.ts';

/** Most of one step: it is held in memory, and its transaction should be short. */
export interface FlushLimits {
  readonly batches: number;
  readonly samples: number;
}

export interface Flushed {
  readonly batches: number;
  readonly samples: number;
}

/**
 * Puts a host's oldest batches that end by `until` together as segments, and deletes them, in one transaction.
 *
 * @returns undefined when another collector works on the host
 */
export function flushHost(
  sql: TarsierSql,
  host: HostKey,
  until: UnixMs,
  limits: FlushLimits,
  now: UnixMs,
): Promise<Flushed | undefined> {
  return sql.begin(async (tx) => {
    if (!(await lockHost(tx, host, 'skip'))) return undefined;
    const read = await readBatches(tx, host, until, limits.batches);
    const seriesOf = await seriesBySchema(tx, host, read);
    const taken: BatchRecord[] = [];
    let samples = 0;
    for (const batch of read) {
      const size = batch.rows * (seriesOf.get(hex(batch.schemaHash))?.length ?? 0);
      if (taken.length > 0 && samples + size > limits.samples) break;
      taken.push(batch);
      samples += size;
    }
    const segments = [...Map.groupBy(taken, ({ schemaHash }) => hex(schemaHash))].flatMap(([hash, batches]) =>
      makeSegments(batches, seriesOf.get(hash) ?? []),
    );
    for (const segment of segments) await insertSegment(tx, host, segment, now);
    await deleteBatches(tx, host, taken);
    return { batches: taken.length, samples };
  });
}

async function readBatches(
  tx: TarsierTransaction,
  { tenantId, hostId }: HostKey,
  until: UnixMs,
  most: number,
): Promise<BatchRecord[]> {
  const rows = await tx<(Omit<BatchRecord, 'schemaHash' | 'hostId'> & { schema_hash: Uint8Array })[]>`
    select epoch, seq, t0, t1, rows, schema_hash, payload from batch
    where tenant_id = ${tenantId} and host_id = ${hostId} and t0 <= ${until} and t1 <= ${until}
    order by t0, epoch, seq limit ${most}`;
  return rows.map(({ schema_hash, ...row }) => ({ ...row, hostId, schemaHash: schema_hash }));
}

async function seriesBySchema(
  tx: TarsierTransaction,
  { tenantId, hostId }: HostKey,
  batches: readonly BatchRecord[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const hashes = [...new Set(batches.map(({ schemaHash }) => hex(schemaHash)))];
  const rows = await tx<{ hash: string; series_ids: number[] }[]>`
    select encode(hash, 'hex') as hash, series_ids from host_schema
    where tenant_id = ${tenantId} and host_id = ${hostId} and encode(hash, 'hex') = any(${hashes}::text[])`;
  const found = new Map(rows.map(({ hash, series_ids }) => [hash, series_ids]));
  for (const hash of hashes) {
    if (!found.has(hash)) throw new TarsierError('storage/schema', `host ${hostId} has no schema ${hash}`);
  }
  return found;
}

async function insertSegment(
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

async function deleteBatches(
  tx: TarsierTransaction,
  { tenantId, hostId }: HostKey,
  batches: readonly BatchRecord[],
): Promise<void> {
  const [first, last] = [batches[0]?.t0 ?? 0, batches.at(-1)?.t0 ?? 0];
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

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
