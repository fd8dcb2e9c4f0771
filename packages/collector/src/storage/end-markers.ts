/** Markers that a collector stores of itself: what an agent's series end with when it falls silent. */
import { encodePayload, markStale, type UnixMs } from '@tarsier/protocol';
import { zstdCompress } from '@tarsier/protocol/zstd';
import { maxBatchesPerInsert, type Batches, type Inserted } from './batches.ts';
import type { Database } from './database.ts';
import { lockHost } from './host-lock.ts';
import type { RegisteredSchema } from './series-catalog.ts';

/** Older than any run of an agent: a sample at a marker's time counts, and the marker does not. */
export const markerEpoch = 0;

export interface EndMarker {
  readonly schema: RegisteredSchema;
  readonly time: UnixMs;
  /** Which columns end. */
  readonly ends: (column: number) => boolean;
}

export interface EndMarkers {
  /** Stores them, each once, whichever collectors do. @returns for each what became of it */
  put(markers: readonly EndMarker[]): Promise<Inserted[]>;
  /** The newest tick after a time that some agent's batch of a schema has, wherever it was taken; by place. */
  newest(
    sources: readonly { readonly schema: RegisteredSchema; readonly after: UnixMs }[],
  ): Promise<readonly (UnixMs | undefined)[]>;
  /** Those of a schema that are not sealed yet. */
  list(schema: RegisteredSchema): Promise<readonly UnixMs[]>;
  /** Takes one back, unless it is sealed: then what has come for its time is all that hides it. */
  remove(schema: RegisteredSchema, time: UnixMs): Promise<void>;
}

export function createEndMarkers({ run, begin }: Database, batches: Pick<Batches, 'insert'>): EndMarkers {
  return {
    async put(markers) {
      const inserted: Inserted[] = [];
      for (let first = 0; first < markers.length; first += maxBatchesPerInsert) {
        inserted.push(...(await batches.insert(markers.slice(first, first + maxBatchesPerInsert).map(toBatch))));
      }
      return inserted;
    },

    async newest(sources) {
      const rows = await run(
        sources.map(({ schema }) => schema.scope),
        (sql) => sql<{ place: number; newest: UnixMs | null }[]>`
        select s.place, greatest(
          (select max(b.t1) from batch b where b.tenant_id = s.tenant_id and b.host_id = s.host_id and b.t0 > s.after
            and b.epoch <> ${markerEpoch} and b.schema_hash = decode(s.hash, 'hex')),
          (select max(g.t1) from segment g where g.tenant_id = s.tenant_id and g.host_id = s.host_id
            and g.hour >= s.after and g.t1 > s.after and g.schema_hash = decode(s.hash, 'hex'))
        ) as newest
        from unnest(
          ${sources.map((_, place) => place)}::int[], ${sources.map(({ schema }) => schema.scope.tenantId)}::int[],
          ${sources.map(({ schema }) => schema.hostId)}::int[], ${sources.map(({ schema }) => hexOf(schema))}::text[],
          ${sources.map(({ after }) => after)}::bigint[]
        ) as s(place, tenant_id, host_id, hash, after)`,
      );
      const found = new Map(rows.map(({ place, newest }) => [place, newest ?? undefined]));
      return sources.map((_, place) => found.get(place));
    },

    async list({ scope, hostId, hash }) {
      const rows = await run(
        scope,
        (sql) => sql<{ t0: UnixMs }[]>`
        select t0 from batch where tenant_id = ${scope.tenantId} and host_id = ${hostId} and epoch = ${markerEpoch}
          and schema_hash = ${hash}`,
      );
      return rows.map(({ t0 }) => t0);
    },

    async remove({ scope, hostId, hash }, time) {
      const { tenantId } = scope;
      await begin(scope, async (tx) => {
        // Compaction counts on what it has read.
        await lockHost(tx, { tenantId, hostId }, 'wait');
        await tx`
          delete from batch where tenant_id = ${tenantId} and host_id = ${hostId} and t0 = ${time}
            and epoch = ${markerEpoch} and schema_hash = ${hash}`;
      });
    },
  };
}

function toBatch({ schema, time, ends }: EndMarker) {
  const width = schema.seriesIds.length;
  const values = new Float64Array(width);
  const present = new Uint8Array(width);
  for (let column = 0; column < width; column++) {
    if (!ends(column)) continue;
    markStale(values, column);
    present[column] = 1;
  }
  return {
    scope: schema.scope,
    hostId: schema.hostId,
    epoch: markerEpoch,
    // The same whichever collector makes it, and another for another schema of the host.
    seq: Buffer.from(schema.hash).readUInt32BE() >>> 1,
    t0: time,
    t1: time,
    rows: 1,
    schemaHash: schema.hash,
    payload: encodePayload({ times: Float64Array.of(time), width, values, present }, zstdCompress),
  };
}

function hexOf({ hash }: RegisteredSchema): string {
  return Buffer.from(hash).toString('hex');
}
