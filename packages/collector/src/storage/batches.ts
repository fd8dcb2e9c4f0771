/** Hot file: batches in and out of PostgreSQL; `pnpm bench ingest` shows what it costs. */
import type { UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../tenant.ts';
import type { AnySql, Database } from './database.ts';
import type { BatchName, FindPutTogether } from './put-together.ts';

/** Longest span of a batch, ms: lets reads by time look back no further than this. */
export const maxBatchSpanMs = 3_600_000;

/** While somebody reads a host, its batches are put together with others once they ended this long ago, ms. */
export const coldMs = 10_000;

/** Younger ones are with no others yet, by the clock of any collector that is not five seconds ahead. */
const surelyAloneMs = coldMs / 2;

/** Most batches of one statement; more do not make it cheaper. */
export const maxBatchesPerInsert = 128;

export interface BatchRecord {
  readonly hostId: number;
  readonly epoch: UnixMs;
  readonly seq: number;
  /** First and last tick. */
  readonly t0: UnixMs;
  readonly t1: UnixMs;
  readonly rows: number;
  readonly schemaHash: Uint8Array;
  /** As the agent packed it. */
  readonly payload: Uint8Array;
}

export interface NewBatch extends BatchRecord {
  readonly scope: TenantScope;
  /** Of an agent's: how many are in it. */
  readonly samples?: number | undefined;
}

/**
 * Whether it may be put together with others already, and be a batch that comes again. What is shipped as it is taken
 * is not, and pays for no look at segments and blocks; nor is what no agent sent: that comes once.
 */
export function mayBePutTogether({ t1, samples }: NewBatch, now: UnixMs): boolean {
  return samples !== undefined && t1 <= now - surelyAloneMs;
}

export type Inserted = 'new' | 'known' | 'unknown-host' | 'moving';

export interface Batches {
  /**
   * Commits up to 128 batches in one statement.
   *
   * @returns for each what became of it: `new`; `known`, stored before; `unknown-host`, for its host was deleted;
   *   `moving`, of a tenant that takes no writes just now
   */
  insert(batches: readonly NewBatch[]): Promise<Inserted[]>;
  /** Those that are still batches. */
  read(scope: TenantScope, keys: readonly BatchKey[]): Promise<readonly StoredBatch[]>;
  /** Which there are with a tick at or after `since`, in their order. */
  keysSince(scope: TenantScope, since: UnixMs): Promise<readonly (BatchKey & Pick<BatchRecord, 'schemaHash'>)[]>;
  /**
   * Hosts that have a tick at or after `since`: their last one, and how many series that has.
   *
   * @param hosts  none but these, by name
   */
  hostsSince(scope: TenantScope, since: UnixMs, hosts?: readonly string[]): Promise<readonly RecentHost[]>;
}

export type BatchKey = Pick<BatchRecord, 'hostId' | 't0' | 'epoch' | 'seq'>;

export interface RecentHost {
  readonly host: string;
  readonly lastSeen: UnixMs;
  readonly series: number;
}

export type StoredBatch = BatchKey & Pick<BatchRecord, 'schemaHash' | 'payload'>;

export function createBatches(
  { run, begin, reads }: Database,
  findPutTogether: FindPutTogether,
  now: () => UnixMs,
): Batches {
  /** Commits those that are not stored yet, of hosts that exist. @returns their names, as {@link textOf} has them */
  async function store(batches: readonly NewBatch[]): Promise<Set<string>> {
    const scopes = batches.map(({ scope }) => scope);
    const at = now();
    const late = batches.filter((batch) => mayBePutTogether(batch, at)).map(nameOf);
    if (late.length === 0) return namesOf(await run(scopes, (sql) => insertStatement(sql, batches)));
    return begin(scopes, async (tx) => {
      // Sent first: the look sees what was put together while the insert waited for just that.
      const inserting = insertStatement(tx, batches).execute();
      const [rows, again] = await Promise.all([inserting, findPutTogether(tx, late)]);
      const names = namesOf(rows);
      const twice = [...again].filter((name) => names.delete(textOf(name)));
      if (twice.length > 0) await deleteNamed(tx, twice);
      return names;
    });
  }

  return {
    async insert(batches) {
      const names = await store(batches);
      if (names.size === batches.length) return batches.map(() => 'new');
      const hosts = await run(
        batches.map(({ scope }) => scope),
        (sql) => sql<{ tenant_id: number; host_id: number }[]>`
        select tenant_id, host_id from host
        where (tenant_id, host_id) in (
          select * from unnest(
            ${batches.map(({ scope }) => scope.tenantId)}::int[], ${batches.map(({ hostId }) => hostId)}::int[]
          ))`,
      );
      const known = new Set(hosts.map((row) => `${row.tenant_id}/${row.host_id}`));
      return batches.map((batch) => {
        // The same batch twice in one statement is new only once.
        if (names.delete(textOf(nameOf(batch)))) return 'new';
        return known.has(`${batch.scope.tenantId}/${batch.hostId}`) ? 'known' : 'unknown-host';
      });
    },

    async read(scope, keys) {
      return run(
        scope,
        (sql) => sql<StoredBatch[]>`
        select b.host_id as "hostId", b.t0, b.epoch, b.seq, b.schema_hash as "schemaHash", b.payload
        from batch b join unnest(
          ${keys.map(({ hostId }) => hostId)}::int[], ${keys.map(({ t0 }) => t0)}::bigint[],
          ${keys.map(({ epoch }) => epoch)}::bigint[], ${keys.map(({ seq }) => seq)}::int[]
        ) as k(host_id, t0, epoch, seq) using (host_id, t0, epoch, seq)
        where b.tenant_id = ${scope.tenantId} order by b.t0, b.epoch, b.seq`,
      );
    },

    // These look through much, and go where no commit waits for them.
    async keysSince(scope, since) {
      return reads.run(
        scope,
        (sql) => sql<(BatchKey & Pick<BatchRecord, 'schemaHash'>)[]>`
        select host_id as "hostId", t0, epoch, seq, schema_hash as "schemaHash" from batch
        where tenant_id = ${scope.tenantId} and t0 >= ${since - maxBatchSpanMs} and t1 >= ${since}
        order by t0, epoch, seq`,
      );
    },

    async hostsSince(scope, since, hosts) {
      return reads.run(
        scope,
        (sql) => sql<RecentHost[]>`
        select h.name as host, newest.t1 as "lastSeen", cardinality(s.series_ids) as series from (
          select distinct on (host_id) host_id, schema_hash, t1 from batch
          where tenant_id = ${scope.tenantId} and t0 >= ${since - maxBatchSpanMs} and t1 >= ${since} and epoch > 0${
            hosts === undefined
              ? sql``
              : sql`
            and host_id = any(array(
              select host_id from host where tenant_id = ${scope.tenantId} and name = any(${hosts}::text[])))`
          }
          order by host_id, t1 desc
        ) as newest
        join host h on h.tenant_id = ${scope.tenantId} and h.host_id = newest.host_id
        join host_schema s on s.tenant_id = ${scope.tenantId} and s.host_id = newest.host_id
          and s.hash = newest.schema_hash`,
      );
    },
  };
}

interface InsertedRow {
  readonly tenant_id: number;
  readonly host_id: number;
  readonly t0: UnixMs;
  readonly epoch: UnixMs;
  readonly seq: number;
}

function insertStatement(sql: AnySql, batches: readonly NewBatch[]) {
  // One text parameter for all bytes: the driver would write each bytea as hex, twice the size of base64's third.
  const blobs = Buffer.concat(batches.flatMap(({ schemaHash, payload }) => [schemaHash, payload]));
  const offsets: number[] = [];
  const lengths: number[] = [];
  let offset = 1;
  for (const { schemaHash, payload } of batches) {
    offsets.push(offset);
    lengths.push(payload.byteLength);
    offset += schemaHash.byteLength + payload.byteLength;
  }
  return sql<InsertedRow[]>`
    with packed as materialized (select decode(${blobs.toString('base64')}, 'base64') as bytes)
    insert into batch (tenant_id, host_id, t0, epoch, seq, t1, rows, samples, schema_hash, payload)
    select b.tenant_id, b.host_id, b.t0, b.epoch, b.seq, b.t1, b.rows, b.samples,
      substring(packed.bytes from b.at for 16), substring(packed.bytes from b.at + 16 for b.size)
    from packed cross join lateral (
      select k.* from unnest(
        ${batches.map(({ scope }) => scope.tenantId)}::int[], ${batches.map(({ hostId }) => hostId)}::int[],
        ${batches.map(({ t0 }) => t0)}::bigint[], ${batches.map(({ epoch }) => epoch)}::bigint[],
        ${batches.map(({ seq }) => seq)}::int[], ${batches.map(({ t1 }) => t1)}::bigint[],
        ${batches.map(({ rows }) => rows)}::int[], ${batches.map(({ samples = null }) => samples)}::int[],
        ${offsets}::int[], ${lengths}::int[]
      ) as k(tenant_id, host_id, t0, epoch, seq, t1, rows, samples, at, size)
      join host h on h.tenant_id = k.tenant_id and h.host_id = k.host_id
      -- Keeps all bytes on the outside of the join: inside they are copied for each batch.
      offset 0
    ) as b
    on conflict do nothing
    returning tenant_id, host_id, t0, epoch, seq`;
}

async function deleteNamed(tx: AnySql, names: readonly BatchName[]): Promise<void> {
  await tx`
    delete from batch b using unnest(
      ${names.map(({ tenantId }) => tenantId)}::int[], ${names.map(({ hostId }) => hostId)}::int[],
      ${names.map(({ t0 }) => t0)}::bigint[], ${names.map(({ epoch }) => epoch)}::bigint[],
      ${names.map(({ seq }) => seq)}::int[]
    ) as k(tenant_id, host_id, t0, epoch, seq)
    where b.tenant_id = k.tenant_id and b.host_id = k.host_id and b.t0 = k.t0 and b.epoch = k.epoch and b.seq = k.seq`;
}

function nameOf({ scope, hostId, t0, epoch, seq }: NewBatch): BatchName {
  return { tenantId: scope.tenantId, hostId, t0, epoch, seq };
}

function namesOf(rows: readonly InsertedRow[]): Set<string> {
  return new Set(
    rows.map(({ tenant_id, host_id, ...rest }) => textOf({ tenantId: tenant_id, hostId: host_id, ...rest })),
  );
}

function textOf({ tenantId, hostId, t0, epoch, seq }: BatchName): string {
  return `${tenantId}/${hostId}/${t0}/${epoch}/${seq}`;
}
