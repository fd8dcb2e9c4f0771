/** What agents say became of their samples, and what was stored of them, by host and hour. */
import type { LedgerReport } from '@tarsier/protocol/api';
import type { UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../tenant.ts';
import type { Database, TarsierSql, TarsierTransaction } from './database.ts';
import type { HostKey } from './host-lock.ts';
import { hourMs } from './hours.ts';

/** Rows are kept for so many days. */
const keptDays = 35;

export interface LedgerRow {
  /** Hours since 1970. */
  readonly hour: number;
  /** Empty: what was stored. */
  readonly source: string;
  readonly taken: number;
  readonly sent: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly crashes: number;
  readonly stored: number;
}

export interface LedgerRows {
  readonly rows: readonly LedgerRow[];
  /** Until when each source has told. */
  readonly through: ReadonlyMap<string, UnixMs>;
}

export interface Ledger {
  /** Puts an agent's rows in place of those before. @returns false when there is no such host */
  put(scope: TenantScope, host: string, report: LedgerReport): Promise<boolean>;
  /** From an hour on; undefined when there is no such host. */
  list(scope: TenantScope, host: string, from: number): Promise<LedgerRows | undefined>;
}

export function createLedger({ run, begin }: Database): Ledger {
  return {
    put: ({ tenantId, ...scope }, host, { source, through, hours }) =>
      begin({ tenantId, ...scope }, async (tx) => {
        // Held, so that a host that is deleted meanwhile takes these along.
        const [row] = await tx<{ host_id: number }[]>`
          select host_id from host where tenant_id = ${tenantId} and name = ${host} for key share`;
        if (row === undefined) return false;
        const { host_id: hostId } = row;
        const rows = hours.map(({ hour, ...rest }) => ({ hour: hour / hourMs, ...rest }));
        await tx`
          insert into ledger (tenant_id, host_id, hour, source, taken, sent, dropped, crashes)
          select ${tenantId}, ${hostId}, hour, ${source}, taken, sent, dropped, crashes
          from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
            as r(hour int, taken bigint, sent bigint, dropped jsonb, crashes int)
          order by hour
          on conflict (tenant_id, host_id, hour, source) do update set taken = excluded.taken, sent = excluded.sent,
            dropped = excluded.dropped, crashes = excluded.crashes`;
        await tx`
          insert into ledger_source (tenant_id, host_id, source, through)
          values (${tenantId}, ${hostId}, ${source}, ${through})
          on conflict (tenant_id, host_id, source) do update set through = excluded.through`;
        return true;
      }),

    async list(scope, host, from) {
      const { tenantId } = scope;
      // One statement, one snapshot: a batch that is put away meanwhile counts once, and an agent's word is not newer
      // than what it is compared with.
      const found = await run(
        scope,
        (sql) => sql<(LedgerRow & { readonly through: UnixMs | null })[]>`
        select coalesce(r.hour, -1) as hour, coalesce(r.source, '') as source, coalesce(r.taken, 0) as taken,
          coalesce(r.sent, 0) as sent, coalesce(r.dropped, '{}') as dropped, coalesce(r.crashes, 0) as crashes,
          coalesce(r.stored, 0) as stored, r.through
        from host h left join lateral (
          select l.hour, l.source, l.taken, l.sent, l.dropped, l.crashes, l.stored, null::bigint as through
          from ledger l where l.tenant_id = h.tenant_id and l.host_id = h.host_id and l.hour >= ${from}
          union all
          select (b.t0 / ${hourMs}::bigint)::int, '', 0, 0, '{}', 0, sum(b.samples)::bigint, null
          from batch b
          where b.tenant_id = h.tenant_id and b.host_id = h.host_id and b.t0 >= ${from * hourMs} and b.samples is not null
          group by 1
          union all
          select -1, s.source, 0, 0, '{}', 0, 0, s.through
          from ledger_source s where s.tenant_id = h.tenant_id and s.host_id = h.host_id
        ) as r on true
        where h.tenant_id = ${tenantId} and h.name = ${host}`,
      );
      if (found.length === 0) return undefined;
      return {
        rows: found.filter(({ hour }) => hour >= 0),
        through: new Map(found.flatMap(({ source, through }) => (through === null ? [] : [[source, through]]))),
      };
    },
  };
}

/** What compaction is about to take out of `batch`, counted in the same transaction. */
export async function countStored(
  tx: TarsierTransaction,
  { tenantId, hostId }: HostKey,
  batches: readonly { readonly t0: UnixMs; readonly ofAgent: number | null }[],
): Promise<void> {
  const sums = new Map<number, number>();
  for (const { t0, ofAgent } of batches) {
    const hour = Math.floor(t0 / hourMs);
    if (ofAgent !== null) sums.set(hour, (sums.get(hour) ?? 0) + ofAgent);
  }
  if (sums.size === 0) return;
  await tx`
    insert into ledger (tenant_id, host_id, hour, source, stored)
    select ${tenantId}, ${hostId}, hour, '', stored
    from unnest(${[...sums.keys()]}::int[], ${[...sums.values()]}::bigint[]) as s(hour, stored) order by hour
    on conflict (tenant_id, host_id, hour, source) do update set stored = ledger.stored + excluded.stored`;
}

export async function dropOldLedger(sql: TarsierSql, now: UnixMs): Promise<void> {
  const before = Math.floor(now / hourMs) - keptDays * 24;
  await sql`delete from ledger where hour < ${before}`;
  await sql`delete from ledger_source s where through < ${before * hourMs}`;
}
