/** What tenants and keys may use, and what is left of it. */
import type { UnixMs } from '@tarsier/protocol';
import type { LimitName } from '@tarsier/protocol/api';
import type { TenantScope } from '../tenant.ts';
import type { AnySql, Database } from './database.ts';
import { dayText } from './hours.ts';
import { notOnDisk } from './scoped-pool.ts';
import { effectiveLimits, type EffectiveLimit, type LimitValues } from './tiers.ts';

export interface StoredLimit {
  readonly name: string;
  /** The id of a key; empty for all of the tenant together. */
  readonly key: string;
  readonly value: number;
}

/** By the limit's name. */
type Spent = Readonly<Record<'money-day' | 'money-month', number>>;

export interface Limits {
  /** What all of the tenant together may use: what is set for it, else for its tier. */
  effective(scope: TenantScope): Promise<ReadonlyMap<LimitName, EffectiveLimit>>;
  /** What is set for it in place of its tier's limits. */
  own(scope: TenantScope): Promise<LimitValues>;
  /** How much is used of what lasts, by name, and the tenant's tier. */
  used(scope: TenantScope, now: UnixMs): Promise<{ readonly tier: string; readonly used: LimitValues }>;
  list(scope: TenantScope): Promise<readonly StoredLimit[]>;
  /** @param value  null takes the limit away */
  set(scope: TenantScope, limit: Omit<StoredLimit, 'value'> & { readonly value: number | null }): Promise<void>;
  /**
   * Takes from what is left of a limit by time, which refills with `rate` per second up to `burst`.
   *
   * @returns how much it took: at most `wanted`, 0 when nothing is left
   */
  take(
    scope: TenantScope,
    bucket: { readonly name: string; readonly key: string; readonly rate: number; readonly burst: number },
    wanted: number,
    now: UnixMs,
  ): Promise<number>;
  /** Bytes that all that is stored of a tenant's samples takes. */
  storedBytes(scope: TenantScope): Promise<number>;
  /** Hosts that a tenant has. */
  hostCount(scope: TenantScope): Promise<number>;
  /** What its jobs have cost since the day and the month of a time began, UTC; billionths of USD. */
  spent(scope: TenantScope, now: UnixMs): Promise<Spent>;
  /** Jobs of a tenant that are yet to be run, counted up to so many. */
  waitingJobs(scope: TenantScope, upTo: number): Promise<number>;
}

export function createLimits(database: Database): Limits {
  const { run } = database;
  return {
    effective: (scope) => effectiveLimits(database, scope),
    async own(scope) {
      const all = await effectiveLimits(database, scope);
      const own = [...all].filter(([, { source }]) => source === 'tenant');
      return Object.fromEntries(own.map(([name, { value }]) => [name, value]));
    },
    async used(scope, now) {
      const { tenantId } = scope;
      const [row] = await run(
        scope,
        (sql) => sql<
          { tier: string; series: number; hosts: number; bytes: number; 'money-day': number; 'money-month': number }[]
        >`
        select tier, series_count as series,
          (select count(*) from host where tenant_id = ${tenantId} and name <> '') as hosts,
          (select coalesce(sum(amount), 0)::float8 from usage u where tenant_id = ${tenantId} and what = 'stored_bytes'
            and day = (select max(day) from usage where tenant_id = ${tenantId} and what = 'stored_bytes')) as bytes,
          "money-day"::float8 / 1e9 as "money-day", "money-month"::float8 / 1e9 as "money-month"
        from tenant cross join (${spentBy(sql, tenantId, now)}) as spent where tenant_id = ${tenantId}`,
      );
      const { tier = '', ...used } = row ?? {};
      return { tier, used };
    },
    list: (scope) =>
      run(
        scope,
        (sql) => sql<StoredLimit[]>`
        select name, key, value from tenant_limit where tenant_id = ${scope.tenantId} order by name, key`,
      ),
    async set(scope, { name, key, value }) {
      const { tenantId } = scope;
      if (value === null) {
        await run(
          scope,
          (sql) => sql`
          delete from tenant_limit where tenant_id = ${tenantId} and name = ${name} and key = ${key}`,
        );
        return;
      }
      await run(
        scope,
        (sql) => sql`
        insert into tenant_limit (tenant_id, name, key, value) values (${tenantId}, ${name}, ${key}, ${value})
        on conflict (tenant_id, name, key) do update set value = excluded.value`,
      );
    },
    async take(scope, { name, key, rate, burst }, wanted, now) {
      // One statement under the row's lock: what several collectors take together is never more than there is. A clock
      // that is behind another collector's refills nothing. What a crash forgets of it was let in half a second before.
      const [row] = await run(scope, (sql) => {
        const left = sql`least(${burst}::float8, b.tokens + greatest(0, ${now}::bigint - b.at) * ${rate / 1000}::float8)`;
        return sql<{ taken: number }[]>`
          insert into limit_bucket as b (tenant_id, name, key, tokens, taken, at)
          values (${scope.tenantId}, ${name}, ${key}, ${Math.max(0, burst - wanted)}::float8,
            ${Math.min(wanted, burst)}::float8, ${now})
          on conflict (tenant_id, name, key) do update set
            tokens = greatest(0, ${left} - ${wanted}::float8), taken = least(${wanted}::float8, ${left}),
            at = greatest(b.at, excluded.at)
          returning taken, ${notOnDisk(sql)}`;
      });
      return row?.taken ?? 0;
    },
    async storedBytes(scope) {
      const { tenantId } = scope;
      const [row] = await run(
        scope,
        (sql) => sql<{ bytes: number }[]>`
        select coalesce(sum(bytes), 0)::float8 as bytes from (
          select length(payload)::bigint as bytes from batch where tenant_id = ${tenantId}
          union all select length(data) from segment where tenant_id = ${tenantId}
          union all select length(data) from block where tenant_id = ${tenantId}
          union all select length(data) from rollup_minute where tenant_id = ${tenantId}
          union all select length(data) from rollup_hour where tenant_id = ${tenantId}
        ) as stored`,
      );
      return row?.bytes ?? 0;
    },
    async hostCount(scope) {
      const [row] = await run(
        scope,
        (sql) => sql<{ hosts: number }[]>`
        select count(*) as hosts from host where tenant_id = ${scope.tenantId} and name <> ''`,
      );
      return row?.hosts ?? 0;
    },
    async spent(scope, now) {
      const [row] = await run(scope, (sql) => sql<Spent[]>`${spentBy(sql, scope.tenantId, now)}`);
      return row ?? { 'money-day': 0, 'money-month': 0 };
    },
    async waitingJobs(scope, upTo) {
      const [row] = await run(
        scope,
        (sql) => sql<{ jobs: number }[]>`
        select count(*) as jobs from (
          select 1 from job where tenant_id = ${scope.tenantId} and state in ('waiting', 'delayed', 'blocked', 'held')
          limit ${upTo}
        ) as yet`,
      );
      return row?.jobs ?? 0;
    },
  };
}

const spentBy = (sql: AnySql, tenantId: number, now: UnixMs) => sql`
  select coalesce(sum(cost) filter (where day >= ${dayText(now)}::date), 0)::bigint as "money-day",
    coalesce(sum(cost), 0)::bigint as "money-month"
  from job_usage where tenant_id = ${tenantId} and day >= ${dayText(monthOf(now))}::date`;

/** When the month of a time began, UTC. */
export function monthOf(time: UnixMs): UnixMs {
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}
