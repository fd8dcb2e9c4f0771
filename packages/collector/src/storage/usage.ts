/** What tenants have used, by day and host: counted where it is stored, in the same transaction. */
import type { UnixMs } from '@tarsier/protocol';
import type { PendingQuery, Row } from 'postgres';
import type { TenantScope } from '../tenant.ts';
import type { AnySql, Database, TarsierTransaction } from './database.ts';
import type { HostKey } from './host-lock.ts';
import { dayMs } from './hours.ts';

export interface UsageRow {
  /** Days since 1970, UTC. */
  readonly day: number;
  /** Empty for what is of no host, or of hosts that were deleted. */
  readonly host: string;
  /** `samples`, `batches`, `received_bytes`, `queries`, … add up; of `series` and `stored_bytes` a day keeps the largest. */
  readonly what: string;
  readonly amount: number;
}

export interface Usage {
  /** From and to a day, both included; what came a moment ago included. By day, host and name. */
  list(scope: TenantScope, days: { readonly from: number; readonly to: number }): Promise<readonly UsageRow[]>;
  /** Alerts that began, incidents that opened and anomalies, by day and host. */
  events(scope: TenantScope, days: { readonly from: number; readonly to: number }): Promise<readonly UsageRow[]>;
  /** Adds to what there is. */
  add(scope: TenantScope, rows: readonly UsageRow[]): Promise<void>;
  /** Measures series and stored bytes of every host. */
  measure(scope: TenantScope, now: UnixMs): Promise<void>;
}

export function dayNumber(time: UnixMs): number {
  return Math.floor(time / dayMs);
}

export function createUsage({ run }: Database): Usage {
  return {
    async list(scope, { from, to }) {
      const { tenantId } = scope;
      // One statement, one snapshot: a batch that is put away meanwhile is counted once, here or there.
      return run(
        scope,
        (sql) => sql<UsageRow[]>`
        select day, host, what, sum(amount)::float8 as amount from (
          select day, host, what, amount from usage
          where tenant_id = ${tenantId} and day between ${from} and ${to}
          union all
          select b.day, h.name as host, u.what, u.amount
          from ${batchesUsed(sql, sql`tenant_id = ${tenantId} and t0 >= ${from * dayMs} and t0 < ${(to + 1) * dayMs}`)}
        ) as used
        group by day, host, what order by day, host, what`,
      );
    },
    events(scope, { from, to }) {
      const { tenantId } = scope;
      const [since, until] = [from * dayMs, (to + 1) * dayMs];
      return run(
        scope,
        (sql) => sql<UsageRow[]>`
        select (at / ${dayMs}::bigint)::int as day, host, what, count(*)::float8 as amount from (
          select since as at, coalesce(body->>'host', '') as host, 'alerts' as what from alert
          where tenant_id = ${tenantId} and state in ('firing', 'resolved') and since >= ${since} and since < ${until}
          union all
          select opened_at, '', 'incidents' from incident
          where tenant_id = ${tenantId} and opened_at >= ${since} and opened_at < ${until}
          union all
          select start, host, 'anomalies' from anomaly
          where tenant_id = ${tenantId} and start >= ${since} and start < ${until}
        ) as happened group by 1, 2, 3 order by 1, 2, 3`,
      );
    },
    async add(scope, rows) {
      if (rows.length === 0) return;
      await run(
        scope,
        (sql) => sql`
        insert into usage (tenant_id, day, host, what, amount)
        select ${scope.tenantId}, day, host, what, sum(amount)
        from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r(day int, host text, what text, amount float8)
        group by 2, 3, 4 order by 2, 3, 4
        on conflict (tenant_id, day, host, what) do update set amount = usage.amount + excluded.amount`,
      );
    },
    async measure(scope, now) {
      const { tenantId } = scope;
      await run(
        scope,
        (sql) => sql`
        insert into usage (tenant_id, day, host, what, amount)
        select ${tenantId}, ${dayNumber(now)}, host, what, amount from (
          select h.name as host, 'series' as what, count(s.series_id)::float8 as amount
          from host h left join series s on s.tenant_id = h.tenant_id and s.host_id = h.host_id
          where h.tenant_id = ${tenantId} group by 1
          union all
          select h.name, 'stored_bytes', coalesce(sum(bytes), 0)::float8
          from host h left join (
            select host_id, length(payload)::bigint as bytes from batch where tenant_id = ${tenantId}
            union all select host_id, length(data) from segment where tenant_id = ${tenantId}
            union all select host_id, length(data) from block where tenant_id = ${tenantId}
            union all select host_id, length(data) from rollup_minute where tenant_id = ${tenantId}
            union all select host_id, length(data) from rollup_hour where tenant_id = ${tenantId}
          ) as stored on stored.host_id = h.host_id
          where h.tenant_id = ${tenantId} group by 1
        ) as measured
        order by host, what
        on conflict (tenant_id, day, host, what) do update set amount = greatest(usage.amount, excluded.amount)`,
      );
    },
  };
}

/**
 * Batches of a day, host and schema `b`, hosts `h`, and what they stand for, `u`: counted alike while they wait and when
 * they are put away. Together first: a host sends hundreds an hour, and each would be joined.
 */
const batchesUsed = (sql: AnySql, which: PendingQuery<Row[]>) => sql`
  (
    select tenant_id, host_id, schema_hash, t0 / ${dayMs}::bigint as day, count(*) as batches, sum(rows) as rows,
      sum(length(payload)) as bytes
    from batch where ${which} group by 1, 2, 3, 4
  ) as b
  join host h on h.tenant_id = b.tenant_id and h.host_id = b.host_id
  join host_schema s on s.tenant_id = b.tenant_id and s.host_id = b.host_id and s.hash = b.schema_hash
  cross join lateral (values
    ('samples', (b.rows * coalesce(array_length(s.series_ids, 1), 0))::float8),
    ('batches', b.batches::float8),
    ('received_bytes', b.bytes::float8)
  ) as u(what, amount)`;

/** What compaction is about to take out of `batch`: counted in the same transaction, and so once. */
export async function meterTaken(
  tx: TarsierTransaction,
  { tenantId, hostId }: HostKey,
  batches: readonly { readonly t0: UnixMs; readonly samples: number; readonly payload: Uint8Array }[],
): Promise<void> {
  const days = [...Map.groupBy(batches, ({ t0 }) => dayNumber(t0))];
  const used = days.flatMap(([day, ofDay]) => [
    { day, what: 'samples', amount: ofDay.reduce((sum, { samples }) => sum + samples, 0) },
    { day, what: 'batches', amount: ofDay.length },
    { day, what: 'received_bytes', amount: ofDay.reduce((sum, { payload }) => sum + payload.byteLength, 0) },
  ]);
  await tx`
    insert into usage (tenant_id, day, host, what, amount)
    select h.tenant_id, u.day, h.name, u.what, u.amount
    from host h, unnest(
      ${used.map(({ day }) => day)}::int[], ${used.map(({ what }) => what)}::text[],
      ${used.map(({ amount }) => amount)}::float8[]
    ) as u(day, what, amount)
    where h.tenant_id = ${tenantId} and h.host_id = ${hostId} order by 1, 2, 3, 4
    on conflict (tenant_id, day, host, what) do update set amount = usage.amount + excluded.amount`;
}

/** The same of all batches of a host, which are about to be deleted. */
export async function meterBatches(tx: TarsierTransaction, { tenantId, hostId }: HostKey): Promise<void> {
  await tx`
    insert into usage (tenant_id, day, host, what, amount)
    select b.tenant_id, b.day, h.name, u.what, sum(u.amount)
    from ${batchesUsed(tx, tx`tenant_id = ${tenantId} and host_id = ${hostId}`)}
    group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (tenant_id, day, host, what) do update set amount = usage.amount + excluded.amount`;
}

/** What a host has used stays counted, of no host, and its name is nowhere any more. */
export async function forgetHostUsed(tx: TarsierTransaction, tenantId: number, host: string): Promise<void> {
  await tx`
    with forgotten as (
      delete from usage where tenant_id = ${tenantId} and host = ${host} returning day, what, amount
    )
    insert into usage (tenant_id, day, host, what, amount)
    select ${tenantId}, day, '', what, amount from forgotten
    on conflict (tenant_id, day, host, what) do update set amount = usage.amount + excluded.amount`;
}
