import type { UnixMs } from '@tarsier/protocol';
import type { TarsierTransaction } from '../database.ts';
import { lockHost, type HostKey } from '../host-lock.ts';
import { dayOf, hourMs } from '../hours.ts';
import {
  base64,
  deleteBatches,
  insertSegment,
  takeBatches,
  type CompactionDatabase,
  type StepLimits,
} from './batch-rows.ts';
import { makeBlock, mergeIntoDay } from './make-block.ts';
import type { SeriesBytes } from './make-segments.ts';

export interface Sealed {
  readonly batches: number;
  readonly samples: number;
  /** False when there were more batches than one step may take: those taken are segments now. */
  readonly whole: boolean;
}

interface SeriesBytesRow {
  readonly head: Uint8Array;
  readonly series_ids: readonly number[];
  readonly offsets: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Puts the batches and segments of a host's hour, and the block that may be there already, together as its block; rolls
 * them up by minute and hour; and deletes what it made them of: in one transaction.
 *
 * @returns undefined when another collector works on the host
 */
export function sealHour(
  { begin, findPutTogether }: CompactionDatabase,
  host: HostKey,
  hour: UnixMs,
  limits: StepLimits,
  now: UnixMs,
): Promise<Sealed | undefined> {
  const { tenantId, hostId } = host;
  return begin(host, async (tx) => {
    if (!(await lockHost(tx, host, 'skip'))) return undefined;
    const taken = await takeBatches(tx, host, { from: hour - hourMs + 1, to: hour }, limits, findPutTogether);
    const { batches, samples } = taken;
    await deleteBatches(tx, host, batches);
    for (const segment of taken.segments) {
      // A batch may have ticks of the hour before or after, too.
      if (taken.more || segment.hour !== hour) await insertSegment(tx, host, segment, now);
    }
    if (taken.more) return { batches: batches.length, samples, whole: false };
    const fresh = taken.segments.filter((segment) => segment.hour === hour);
    const segments = await tx<(SeriesBytesRow & { part: number })[]>`
      select part, head, series_ids, offsets, data from segment
      where tenant_id = ${tenantId} and host_id = ${hostId} and hour = ${hour} order by t0, part`;
    if (segments.length + fresh.length === 0) return { batches: batches.length, samples, whole: true };
    const former = await tx<SeriesBytesRow[]>`
      select head, series_ids, offsets, data from block
      where tenant_id = ${tenantId} and host_id = ${hostId} and hour = ${hour}`;
    const day = dayOf(hour);
    const [formerDay] = await tx<SeriesBytesRow[]>`
      select head, series_ids, offsets, data from rollup_hour
      where tenant_id = ${tenantId} and host_id = ${hostId} and until = ${day}`;
    const counters = await tx<{ series_id: number }[]>`
      select series_id from series where tenant_id = ${tenantId} and host_id = ${hostId} and kind = 'counter'`;
    const isCounter = new Set(counters.map(({ series_id }) => series_id));

    const sources = [...[...former, ...segments].map(toSeriesBytes), ...fresh];
    const made = makeBlock(sources, (seriesId) => isCounter.has(seriesId));
    const dayRollup = mergeIntoDay(formerDay === undefined ? undefined : toSeriesBytes(formerDay), made);
    await tx`
      insert into block (tenant_id, host_id, hour, rows, head, series_ids, offsets, data)
      values (${tenantId}, ${hostId}, ${hour}, ${made.block.rows}, ${values(tx, made.block)})
      on conflict (tenant_id, host_id, hour) do update
      set rows = excluded.rows, head = excluded.head, series_ids = excluded.series_ids, offsets = excluded.offsets,
        data = excluded.data`;
    await saveRollup(tx, 'rollup_minute', host, hour, made.minutes);
    await saveRollup(tx, 'rollup_hour', host, day, dayRollup);
    if (segments.length > 0) {
      await tx`
        delete from segment
        where tenant_id = ${tenantId} and host_id = ${hostId} and hour = ${hour}
          and part = any(${segments.map(({ part }) => part)}::int[])`;
    }
    return { batches: batches.length, samples, whole: true };
  });
}

async function saveRollup(
  tx: TarsierTransaction,
  table: 'rollup_minute' | 'rollup_hour',
  { tenantId, hostId }: HostKey,
  until: UnixMs,
  rollup: SeriesBytes,
): Promise<void> {
  await tx`
    insert into ${tx(table)} (tenant_id, host_id, until, head, series_ids, offsets, data)
    values (${tenantId}, ${hostId}, ${until}, ${values(tx, rollup)})
    on conflict (tenant_id, host_id, until) do update
    set head = excluded.head, series_ids = excluded.series_ids, offsets = excluded.offsets, data = excluded.data`;
}

function values(tx: TarsierTransaction, { head, seriesIds, offsets, data }: SeriesBytes) {
  return tx`${head}, ${[...seriesIds]}::int[], ${[...offsets]}::int[], decode(${base64(data)}, 'base64')`;
}

function toSeriesBytes({ head, series_ids, offsets, data }: SeriesBytesRow): SeriesBytes {
  return { head, seriesIds: series_ids, offsets, data };
}
