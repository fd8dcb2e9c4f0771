/** Reads series by minute or hour: from rollups where an hour is sealed and nothing came since, else from samples. */
import type { UnixMs } from '@tarsier/protocol';
import {
  ByteReader,
  coarsen,
  decodeRollup,
  decodeRollupHead,
  rollUp,
  type Rollup,
  type RollupHead,
} from '@tarsier/protocol/chunk';
import { EventTurn } from '../../event-turn.ts';
import type { TenantScope } from '../../tenant.ts';
import { maxBatchSpanMs } from '../batches.ts';
import type { Statement } from '../scoped-pool.ts';
import { dayMs, dayOf, hourMs, hourOf, minuteMs } from '../hours.ts';
import type { SeriesRow } from '../series-catalog.ts';
import { withoutStale } from '../staleness.ts';
import { readSamples, type SampleRange, type SampleSource } from './read-samples.ts';
import { concatenateRollups, withoutHours } from './rollup-pieces.ts';

/** A series' rollups of an hour or a day; or, without a series, an hour of a host whose rollups are not all there is. */
interface RollupRow {
  readonly host_id: number;
  readonly series_id: number | null;
  readonly until: UnixMs;
  readonly head: Uint8Array | null;
  readonly body: Uint8Array | null;
}

/** Read in one statement: series, and rows of theirs. */
const atOnce = { series: 500, rows: 20_000 } as const;

/**
 * @param width  of the buckets: a minute or an hour, ms
 * @param range  buckets that end after `from`, up to and including `to`
 * @returns by series number; counters have their increase and resets. Series without a sample are left out
 */
export async function readRollups(
  source: SampleSource,
  scope: TenantScope,
  series: readonly SeriesRow[],
  width: typeof minuteMs | typeof hourMs,
  range: SampleRange,
): Promise<Map<number, Rollup>> {
  const found = new Map<number, Rollup>();
  const rowsEach = Math.max(1, (range.to - range.from) / (width === hourMs ? dayMs : hourMs));
  const seriesEach = Math.max(1, Math.min(atOnce.series, Math.floor(atOnce.rows / rowsEach)));
  for (let first = 0; first < series.length; first += seriesEach) {
    const some = series.slice(first, first + seriesEach);
    range.signal?.throwIfAborted();
    const rows = await source.reads.run(scope, readRows(scope, some, width, range), range.signal);
    const unsealed = Map.groupBy(
      rows.filter(({ series_id }) => series_id === null),
      ({ host_id }) => host_id,
    );
    const pieces = new Map<number, Rollup[]>(some.map(({ seriesId }) => [seriesId, []]));
    const decoder = new RollupDecoder();
    const turn = new EventTurn();
    for (const row of rows) {
      if (turn.isOver()) {
        await turn.next();
        range.signal?.throwIfAborted();
      }
      if (row.series_id === null || row.head === null || row.body === null) continue;
      const hours = new Set(unsealed.get(row.host_id)?.map(({ until }) => until));
      const rollup = decoder.decode(row.head, row.body);
      pieces.get(row.series_id)?.push(...withoutHours(rollup, hours));
      range.onRead?.(rollup.ends.length);
    }
    for (const { hours, ofHosts } of hostsByHours(some, unsealed)) {
      for (const { from, to } of stretches(hours)) {
        const within = { ...range, from: Math.max(from, range.from + 1), to: Math.min(to, range.to) };
        const samples = await readSamples(source, scope, ofHosts, within);
        for (const row of ofHosts) {
          const column = samples.get(row.seriesId);
          if (column === undefined) continue;
          const minutes = rollUp(withoutStale(column), minuteMs, row.kind === 'counter');
          pieces.get(row.seriesId)?.push(width === minuteMs ? minutes : coarsen(minutes, hourMs));
        }
      }
    }
    for (const [seriesId, ofSeries] of pieces) {
      const rollup = concatenateRollups(ofSeries, range.from, range.to);
      if (rollup !== undefined) found.set(seriesId, rollup);
    }
  }
  return found;
}

function readRows(
  { tenantId }: TenantScope,
  series: readonly SeriesRow[],
  width: number,
  { from, to }: SampleRange,
): Statement<RollupRow[]> {
  const hostIds = [...new Set(series.map(({ hostId }) => hostId))];
  // The first bucket ends after `from`; the samples of the last one end with it.
  const [firstHour, lastHour] = [hourOf(from + 1), hourOf(to)];
  const [table, firstEnd, lastEnd] =
    width === hourMs ? ['rollup_hour', dayOf(firstHour), dayOf(lastHour)] : ['rollup_minute', firstHour, lastHour];
  return (sql) => sql<RollupRow[]>`
    with wanted as materialized (
      select * from unnest(${series.map(({ hostId }) => hostId)}::int[], ${series.map(({ seriesId }) => seriesId)}::int[])
        as w(host_id, series_id)
    )
    select r.host_id, w.series_id, r.until, r.head,
      substring(r.data from r.offsets[p] + 1 for r.offsets[p + 1] - r.offsets[p]) as body
    from wanted w
    join ${sql(table)} r on r.tenant_id = ${tenantId} and r.host_id = w.host_id and r.host_id = any(${hostIds}::int[])
      and r.until between ${firstEnd} and ${lastEnd}
    cross join lateral array_position(r.series_ids, w.series_id) as p
    where p is not null
    union all
    (select host_id, null::int, hour, null::bytea, null::bytea from segment
    where tenant_id = ${tenantId} and host_id = any(${hostIds}::int[]) and hour between ${firstHour} and ${lastHour}
    union
    select host_id, null, (ceil(t / ${hourMs}::numeric) * ${hourMs})::bigint, null, null
    from batch cross join lateral (values (t0), (t1)) as ends(t)
    where tenant_id = ${tenantId} and host_id = any(${hostIds}::int[])
      and t0 between ${firstHour - hourMs - maxBatchSpanMs} and ${lastHour} and t1 > ${firstHour - hourMs})`;
}

/** Hosts that have the same hours to be read from samples, together. */
function hostsByHours(
  series: readonly SeriesRow[],
  unsealed: ReadonlyMap<number, readonly RollupRow[]>,
): Iterable<{ readonly hours: readonly UnixMs[]; readonly ofHosts: readonly SeriesRow[] }> {
  const groups = new Map<string, { readonly hours: readonly UnixMs[]; readonly ofHosts: SeriesRow[] }>();
  for (const row of series) {
    const hours = (unsealed.get(row.hostId) ?? []).map(({ until }) => until).toSorted((a, b) => a - b);
    if (hours.length === 0) continue;
    const key = hours.join();
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { hours, ofHosts: [] }));
    group.ofHosts.push(row);
  }
  return groups.values();
}

/** Hours that follow each other, a day at most: all their samples are in memory at once. */
function stretches(hours: readonly UnixMs[]): { readonly from: UnixMs; readonly to: UnixMs }[] {
  const found: { from: UnixMs; to: UnixMs }[] = [];
  for (const hour of hours) {
    const last = found.at(-1);
    if (last !== undefined && last.to === hour - hourMs && hour - last.from < dayMs) last.to = hour;
    else found.push({ from: hour - hourMs + 1, to: hour });
  }
  return found;
}

class RollupDecoder {
  #bytes: Uint8Array = new Uint8Array();
  #head: RollupHead | undefined;

  decode(head: Uint8Array, body: Uint8Array): Rollup {
    if (this.#head === undefined || Buffer.compare(head, this.#bytes) !== 0) {
      this.#bytes = head;
      this.#head = decodeRollupHead(new ByteReader(head));
    }
    return decodeRollup(new ByteReader(body), this.#head);
  }
}
