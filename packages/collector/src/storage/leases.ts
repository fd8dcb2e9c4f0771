/** Which collector of several decides for which tenant. The database's clock alone counts. */
import { hash } from 'node:crypto';
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../tenant.ts';
import type { Database, TarsierTransaction } from './database.ts';

export interface Leases {
  /**
   * Takes the leases of all tenants that nobody holds, and keeps one's own for another `ttlMs`.
   *
   * @param running  ids of all collectors that run: each takes what is its own by {@link weightOf}, and of the others'
   *   only what they have left lying for so long. Where there are none it takes all.
   * @returns what it holds now
   */
  renew(ttlMs: number, running?: readonly string[]): Promise<readonly HeldLease[]>;
  /** Gives up one, so that another can take it at once. */
  give(scope: TenantScope): Promise<void>;
  /** Gives up what it holds, so that nobody has to wait for the end. */
  release(): Promise<void>;
  /**
   * Who holds those that this one does not, by tenant.
   *
   * @param withinMs  of several databases, those that take longer are left out
   */
  others(withinMs?: number): Promise<ReadonlyMap<number, string>>;
}

export interface HeldLease {
  readonly scope: TenantScope;
  /** Another holder in between makes it another. */
  readonly term: number;
  /** When it was last known that somebody held it, by the database's clock; undefined for the first. */
  readonly heldUntil: UnixMs | undefined;
}

/**
 * Lets a transaction go on only while the tenant's lease is still held; who takes it over waits for the end of the
 * transaction. Storage that has never taken a lease is alone, and goes on.
 *
 * @throws {TarsierError} `cluster/lease-lost`
 */
export type Fence = (tx: TarsierTransaction, scope: TenantScope) => Promise<void>;

/** Rules, and what is told. */
const duty = 'alerting';

/**
 * Whose a tenant is, by rendezvous hashing (Thaler & Ravishankar 1998, doi:10.1109/90.663936): of a collector that is
 * gone only its own tenants go to others, and to all of them.
 *
 * @returns the weight that a collector's id has for a thing: who has the greatest has it
 */
export function weightOf(id: string, thing: string | number): string {
  return hash('sha256', `${id}/${thing}`, 'hex');
}

/**
 * @param holder  this one, among all that ever were
 * @param alone  no other collector can use this database: nobody has to be waited for
 */
export function createLeases(
  { system: { sql } }: Database,
  holder: string,
  alone: boolean,
): {
  readonly leases: Leases;
  readonly fence: Fence;
} {
  /** Undefined before the first. */
  let terms: Map<number, number> | undefined;
  const serverNow = sql`(extract(epoch from clock_timestamp()) * 1000)::bigint`;
  return {
    leases: {
      async renew(ttlMs, running = []) {
        // As `weightOf` has it.
        const isOwn = (tenantId: string) =>
          running.length === 0
            ? sql`true`
            : sql`${holder} = (
                select id from unnest(${running}::text[]) as id
                order by sha256(convert_to(id || '/' || ${sql(tenantId)}, 'UTF8')) desc limit 1)`;
        const rows = await sql<{ tenant_id: number; term: number; name: string; until: number | null }[]>`
          with before as (select tenant_id, expires_at from lease where duty = ${duty}),
          held as (
            insert into lease (tenant_id, duty, holder, term, expires_at)
            select tenant_id, ${duty}, ${holder}, 1, ${serverNow} + ${ttlMs}::bigint from tenant
            where suspended_at is null and tenant_id not in (select tenant_id from closed_tenant)
              and (tenant_id in (select tenant_id from before) or ${isOwn('tenant.tenant_id')})
            order by tenant_id
            on conflict (tenant_id, duty) do update set
              term = lease.term + (lease.holder <> excluded.holder)::int, holder = excluded.holder,
              expires_at = excluded.expires_at
            where ${alone} or lease.holder = excluded.holder or (lease.expires_at <= ${serverNow}
              and (lease.expires_at <= ${serverNow} - ${ttlMs}::bigint or ${isOwn('lease.tenant_id')}))
            returning tenant_id, term
          )
          select tenant_id, term, name, before.expires_at - ${ttlMs}::bigint as until
          from held join tenant using (tenant_id) left join before using (tenant_id) order by tenant_id`;
        terms = new Map(rows.map(({ tenant_id, term }) => [tenant_id, term]));
        return rows.map(({ tenant_id: tenantId, name: tenant, term, until }) => ({
          scope: { tenantId, tenant },
          term,
          heldUntil: until ?? undefined,
        }));
      },
      async give({ tenantId }) {
        terms?.delete(tenantId);
        // It is nobody's: this one would keep its own.
        await sql`
          update lease set expires_at = ${serverNow}, holder = ''
          where tenant_id = ${tenantId} and duty = ${duty} and holder = ${holder}`;
      },
      async release() {
        terms = new Map();
        await sql`update lease set expires_at = ${serverNow} where duty = ${duty} and holder = ${holder}`;
      },
      async others() {
        const rows = await sql<{ tenant_id: number; holder: string }[]>`
          select tenant_id, holder from lease
          where duty = ${duty} and holder <> ${holder} and expires_at > ${serverNow}`;
        return new Map(rows.map((row) => [row.tenant_id, row.holder]));
      },
    },
    async fence(tx, { tenantId, tenant }) {
      if (terms === undefined) return;
      const held = await tx`
        select 1 from lease
        where tenant_id = ${tenantId} and duty = ${duty} and holder = ${holder} and term = ${terms.get(tenantId) ?? 0}
        for share`;
      if (held.length > 0) return;
      throw new TarsierError('cluster/lease-lost', `another collector decides for tenant ${tenant} now`, {
        retryable: true,
      });
    },
  };
}
