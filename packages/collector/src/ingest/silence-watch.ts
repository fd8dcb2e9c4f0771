/**
 * Ends the series of agents that have fallen silent with staleness markers, as Prometheus does when a target is gone,
 * and takes a marker back when samples of its time come after all. Several collectors may watch the same agents.
 */
import { describeError, staleRows, type SampleMatrix, type UnixMs } from '@tarsier/protocol';
import type { Log } from '../log.ts';
import { markerEpoch, type EndMarkers } from '../storage/end-markers.ts';
import type { RegisteredSchema } from '../storage/series-catalog.ts';
import type { StoredSamples } from '../stored-samples.ts';
import type { TenantScope } from '../tenant.ts';

/** What an agent sends with one schema. */
interface Source {
  readonly schema: RegisteredSchema;
  /** When something came of it, on the collector's clock: an agent that catches up is not silent. */
  heardAt: UnixMs;
  lastTick: UnixMs;
  /** Between two ticks, as far as is known, ms. */
  intervalMs: number | undefined;
  /** It has its marker, or the agent has said goodbye. */
  ended: boolean;
  /** Those that may have to be taken back. */
  markers: UnixMs[];
}

export interface SilenceWatch {
  /** A batch that was stored. */
  consume(stored: StoredSamples): void;
  /** One that had been stored before the start. */
  replay(stored: StoredSamples): void;
  /** Until now a tenant's agents were refused: they have a while to come back. */
  refused(scope: TenantScope): void;
  /** Ends what has been silent for too long. @returns how many series */
  tick(): Promise<number>;
  /** Resolves when all markers that are void are taken back. */
  settled(): Promise<void>;
}

/** Agents send every ten seconds, or at each tick where those are longer apart. */
const flushMs = 10_000;
/** So many times nothing came: it is no slow network. */
const missed = 3;
const leastSilentMs = 60_000;
/** After a start, or when nothing could be stored, agents take so long to come back: they wait longer between tries. */
const graceMs = 120_000;
/** A tick that is so late tells that the collector itself stood still, or that the clock was set. */
const stalledMs = 30_000;
/** After this a source is another's, or nobody's. */
const forgottenMs = 24 * 3_600_000;

export function createSilenceWatch({
  markers,
  log,
  now,
}: {
  readonly markers: EndMarkers;
  readonly log: Log;
  readonly now: () => UnixMs;
}): SilenceWatch {
  /** By host, then by schema. */
  const hosts = new Map<string, Map<string, Source>>();
  let hearingSince = now();
  /** By tenant, when one of its batches was last refused. */
  const refusedAt = new Map<number, UnixMs>();
  let tickedAt = now();
  const working = new Set<Promise<void>>();

  function inBackground(what: string, { schema }: Source, work: () => Promise<void>): void {
    const done = work().catch((error: unknown) => {
      log.warn(what, { host: schema.host, error: describeError(error) });
    });
    working.add(done);
    void done.finally(() => working.delete(done));
  }

  function sourceOf(schema: RegisteredSchema): { readonly source: Source; readonly isNew: boolean } {
    const [host, hash] = [keyOf(schema.scope, schema.host), Buffer.from(schema.hash).toString('latin1')];
    let ofHost = hosts.get(host);
    if (ofHost === undefined) hosts.set(host, (ofHost = new Map<string, Source>()));
    let source = ofHost.get(hash);
    // A host that was deleted and has come back is another one.
    const isNew = source?.schema.hostId !== schema.hostId;
    if (source === undefined || isNew) {
      source = { schema, heardAt: -Infinity, lastTick: 0, intervalMs: undefined, ended: false, markers: [] };
      ofHost.set(hash, source);
    }
    return { source, isNew };
  }

  /** Samples that lie soon after a marker: it was not silent, only far away. */
  function takeBack(source: Source, from: UnixMs, to: UnixMs): void {
    const isVoid = (marker: UnixMs): boolean => from <= marker + patienceOf(source) && to >= marker;
    const voided = source.markers.filter(isVoid);
    if (voided.length === 0) return;
    source.markers = source.markers.filter((marker) => !isVoid(marker));
    inBackground('a marker was not taken back', source, async () => {
      for (const marker of voided) await markers.remove(source.schema, marker);
    });
  }

  function look({ schema, epoch, matrix }: StoredSamples, heardAt: UnixMs): void {
    if (!schema.agent) return;
    const { times } = matrix;
    const [from = 0, to = 0] = [times[0], times.at(-1)];
    const { source, isNew } = sourceOf(schema);
    if (epoch === markerEpoch) {
      source.markers.push(from);
      source.ended ||= from > source.lastTick;
      return;
    }
    if (endsAll(matrix)) {
      source.ended ||= to > source.lastTick;
      source.lastTick = Math.max(source.lastTick, to);
      return;
    }
    const goesOn = !isNew && from <= source.lastTick + (source.intervalMs ?? 1);
    learnInterval(source, times);
    source.heardAt = Math.max(source.heardAt, heardAt);
    if (to > source.lastTick) source.ended = false;
    source.lastTick = Math.max(source.lastTick, to);
    takeBack(source, from, to);
    if (goesOn || heardAt === -Infinity) return;
    // Another collector may have held it to be silent meanwhile, or this one before its start.
    inBackground('markers were not read', source, async () => {
      source.markers = [...new Set([...source.markers, ...(await markers.list(schema))])];
      takeBack(source, from, to);
    });
  }

  /** Series that the host's other schemas go on with do not end. */
  function endingColumns(source: Source, silent: ReadonlySet<Source>): (column: number) => boolean {
    const others = [...(hosts.get(keyOf(source.schema.scope, source.schema.host))?.values() ?? [])].filter(
      (other) => other !== source && !other.ended && !silent.has(other),
    );
    const going = new Set(others.flatMap(({ schema }) => [...schema.seriesIds]));
    return (column) => !going.has(source.schema.seriesIds[column] ?? -1);
  }

  async function end(some: readonly Source[], at: UnixMs): Promise<number> {
    const silent = new Set(some);
    const ending = some.map((source) => ({
      source,
      schema: source.schema,
      time: source.lastTick + (source.intervalMs ?? 1),
      ends: endingColumns(source, silent),
    }));
    const wanted = ending.filter(({ schema, ends }) => schema.seriesIds.some((_, column) => ends(column)));
    const inserted = await markers.put(wanted);
    let series = 0;
    for (const { source } of ending) source.ended = source.heardAt < at;
    for (const [index, { source, time, schema, ends }] of wanted.entries()) {
      if (inserted[index] === 'unknown-host') {
        // Deleted.
        hosts.delete(keyOf(schema.scope, schema.host));
        continue;
      }
      source.markers.push(time);
      if (source.heardAt >= at) takeBack(source, source.lastTick, source.lastTick);
      if (inserted[index] === 'new')
        series += schema.seriesIds.reduce((sum, _, column) => sum + Number(ends(column)), 0);
    }
    return series;
  }

  return {
    consume: (stored) => look(stored, now()),
    replay: (stored) => look(stored, -Infinity),
    refused({ tenantId }) {
      refusedAt.set(tenantId, now());
    },

    async tick() {
      const at = now();
      if (Math.abs(at - tickedAt) > stalledMs) hearingSince = at;
      tickedAt = at;
      for (const [key, ofHost] of hosts) {
        for (const [hash, { lastTick, heardAt }] of ofHost) {
          if (Math.max(lastTick, heardAt) < at - forgottenMs) ofHost.delete(hash);
        }
        if (ofHost.size === 0) hosts.delete(key);
      }
      for (const [tenantId, since] of refusedAt) if (at - since >= graceMs) refusedAt.delete(tenantId);
      if (at - hearingSince < graceMs) return 0;
      const silent = [...hosts.values()]
        .flatMap((ofHost) => [...ofHost.values()])
        .filter(({ schema }) => !refusedAt.has(schema.scope.tenantId))
        .filter((source) => !source.ended && at - source.heardAt >= patienceOf(source));
      if (silent.length === 0) return 0;
      try {
        const newest = await markers.newest(silent.map(({ schema, lastTick }) => ({ schema, after: lastTick })));
        const alone = silent.filter((source, index) => {
          const tick = newest[index];
          if (tick === undefined || source.markers.includes(tick)) return source.heardAt < at;
          // Another collector hears it.
          source.lastTick = Math.max(source.lastTick, tick);
          source.heardAt = at;
          return false;
        });
        return await end(alone, at);
      } catch (error) {
        hearingSince = now();
        throw error;
      }
    },

    async settled() {
      while (working.size > 0) await Promise.all(working);
    },
  };
}

function patienceOf({ intervalMs = flushMs }: Source): number {
  return Math.max(leastSilentMs, missed * Math.max(flushMs, intervalMs));
}

/** Ticks are at whole multiples of the interval, of which some may be missing. */
function learnInterval(source: Source, times: Float64Array): void {
  let before = source.lastTick;
  for (const time of times) {
    const apart = time - before;
    if (before > 0 && apart > 0) source.intervalMs = Math.min(source.intervalMs ?? Infinity, apart);
    before = time;
  }
}

/** An agent's goodbye: a last tick at which all there is ends. */
function endsAll(matrix: SampleMatrix): boolean {
  const { times, values, width, present } = matrix;
  if (times.length !== 1) return false;
  const isStale = staleRows(matrix);
  for (let column = 0; column < width; column++) {
    if (present?.[column] !== 0 && !isStale(column)) return false;
  }
  return values.length > 0;
}

function keyOf({ tenantId }: TenantScope, host: string): string {
  return `${tenantId}/${host}`;
}
