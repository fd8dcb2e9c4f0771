import type { UnixMs } from '@tarsier/protocol';
import type { TarsierSql, TarsierTransaction } from '../database.ts';
import { lockHost, type HostKey } from '../host-lock.ts';
import { dayOf } from '../hours.ts';
import { makeBlock, mergeIntoDay } from './make-block.ts';
import type { SeriesBytes } from './make-segments.ts';

export interface Sealed {
  readonly segments: number;
  readonly rows: number;
}

interface SeriesBytesRow {
  readonly head: Uint8Array;
  readonly series_ids: readonly number[];
  readonly offsets: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Puts the segments of a host's hour, and the block that may be there already, together as its block; rolls them up by
 * minute and hour; and deletes the segments: in one transaction.
 *
 * @returns undefined when another collector works on the host
 */
export function sealHour(sql: TarsierSql, host: HostKey, hour: UnixMs): Promise<Sealed | undefined> {
  const { tenantId, hostId } = host;
  return sql.begin(async (tx) => {
    if (!(await lockHost(tx, host, 'skip'))) return undefined;
    const segments = await tx<(SeriesBytesRow & { part: number })[]>`
      select part, head, series_ids, offsets, data from segment
      where tenant_id = ${tenantId} and host_id = ${hostId} and hour = ${hour} order by t0, part`;
    if (segments.length === 0) return { segments: 0, rows: 0 };
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

    const made = makeBlock([...former, ...segments].map(toSeriesBytes), (seriesId) => isCounter.has(seriesId));
    const dayRollup = mergeIntoDay(formerDay === undefined ? undefined : toSeriesBytes(formerDay), made);
    await tx`
      insert into block (tenant_id, host_id, hour, rows, head, series_ids, offsets, data)
      values (${tenantId}, ${hostId}, ${hour}, ${made.block.rows}, ${values(tx, made.block)})
      on conflict (tenant_id, host_id, hour) do update
      set rows = excluded.rows, head = excluded.head, series_ids = excluded.series_ids, offsets = excluded.offsets,
        data = excluded.data`;
    await saveRollup(tx, 'rollup_minute', host, hour, made.minutes);
    await saveRollup(tx, 'rollup_hour', host, day, dayRollup);
    await tx`
      delete from segment
      where tenant_id = ${tenantId} and host_id = ${hostId} and hour = ${hour}
        and part = any(${segments.map(({ part }) => part)}::int[])`;
    return { segments: segments.length, rows: made.block.rows };
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

/** Base64 for what is large: the driver would write it as hex. */
function values(tx: TarsierTransaction, { head, seriesIds, offsets, data }: SeriesBytes) {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
  return tx`${head}, ${[...seriesIds]}::int[], ${[...offsets]}::int[], decode(${text}, 'base64')`;
}

function toSeriesBytes({ head, series_ids, offsets, data }: SeriesBytesRow): SeriesBytes {
  return { head, seriesIds: series_ids, offsets, data };
}
