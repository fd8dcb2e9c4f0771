/** What tenants may use by what they pay for, and the tenants themselves: for whoever runs the installation. */
import { limitNames, type LimitName } from '@tarsier/protocol/api';
import type { UnixMs } from '@tarsier/protocol';
import { and, eq, sql as fragment } from 'drizzle-orm';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { tenant, tier } from './schema.ts';

export type LimitValues = { readonly [Name in LimitName]?: number };

export interface Tier {
  readonly name: string;
  readonly limits: LimitValues;
  /** Of its jobs, beside other tenants'. */
  readonly weight: number;
}

export interface TenantRow {
  readonly tenantId: number;
  readonly name: string;
  readonly tier: string;
  readonly suspendedAt: UnixMs | null;
}

export interface Tiers {
  /** In the order in which they were made. */
  list(): Promise<readonly (Tier & { readonly tenants: number })[]>;
  find(name: string): Promise<Tier | undefined>;
  /** Makes it, or puts it in place of the one of that name. */
  put(tier: Tier): Promise<void>;
  /** @returns false while tenants have it */
  delete(name: string): Promise<boolean>;
  /** Where there is none at all: {@link firstTiers}. */
  ensure(): Promise<void>;
  tenants(): Promise<readonly TenantRow[]>;
  /** @returns undefined when there is one of that name */
  createTenant(name: string, tier: string): Promise<TenantRow | undefined>;
  changeTenant(
    tenantId: number,
    change: { readonly tier: string; readonly suspendedAt: UnixMs | null },
  ): Promise<TenantRow | undefined>;
  /** Gives its tenants' jobs the tier's share. */
  spreadWeight(name: string): Promise<void>;
}

/** What a new installation has; each can be changed. */
export const firstTiers: readonly Tier[] = [
  {
    name: 'free',
    limits: {
      requests: 20,
      samples: 2_000,
      series: 10_000,
      hosts: 5,
      bytes: 1e9,
      'query-samples': 5_000_000,
      'query-series': 2_000,
      'query-seconds': 20,
      subscriptions: 50,
    },
    weight: 1,
  },
  {
    name: 'pro',
    limits: {
      requests: 200,
      samples: 50_000,
      series: 200_000,
      hosts: 100,
      bytes: 50e9,
      'query-seconds': 60,
      subscriptions: 500,
    },
    weight: 4,
  },
  { name: 'enterprise', limits: {}, weight: 16 },
];

const columns = { tenantId: tenant.tenantId, name: tenant.name, tier: tenant.tier, suspendedAt: tenant.suspendedAt };

export function createTiers({ system: { db, sql } }: Database): Tiers {
  const find = async (name: string): Promise<Tier | undefined> => {
    const [row] = await db.select().from(tier).where(eq(tier.name, name));
    return row === undefined ? undefined : tierOf(row);
  };
  async function put({ name, limits, weight }: Tier): Promise<void> {
    const kept = { ...limits, weight };
    await db
      .insert(tier)
      .values({ name, limits: kept, position: fragment`(select coalesce(max(position), 0) + 1 from tier)` })
      .onConflictDoUpdate({ target: tier.name, set: { limits: kept } });
  }
  return {
    find,
    put,
    async list() {
      const rows = await db.select().from(tier).orderBy(tier.position, tier.name);
      const counts = await sql<{ tier: string; tenants: number }[]>`
        select tier, count(*) as tenants from tenant group by tier`;
      const byTier = new Map(counts.map((row) => [row.tier, row.tenants]));
      return rows.map((row) => ({ ...tierOf(row), tenants: byTier.get(row.name) ?? 0 }));
    },
    async delete(name) {
      const gone = await db
        .delete(tier)
        .where(and(eq(tier.name, name), fragment`not exists (select from tenant where tenant.tier = ${name})`))
        .returning();
      return gone.length > 0;
    },
    async ensure() {
      if ((await db.select({ name: tier.name }).from(tier)).length > 0) return;
      const rows = firstTiers.map(({ name, limits, weight }, i) => ({
        name,
        limits: { ...limits, weight },
        position: i + 1,
      }));
      await db.insert(tier).values(rows).onConflictDoNothing();
    },
    tenants: () => db.select(columns).from(tenant).orderBy(tenant.tenantId),
    async createTenant(name, chosen) {
      const [made] = await db.insert(tenant).values({ name, tier: chosen }).onConflictDoNothing().returning(columns);
      return made;
    },
    async changeTenant(tenantId, change) {
      const [changed] = await db.update(tenant).set(change).where(eq(tenant.tenantId, tenantId)).returning(columns);
      return changed;
    },
    async spreadWeight(name) {
      const found = await find(name);
      if (found === undefined) return;
      await sql`
        insert into job_lane (tenant_id, type, weight, max_running, paused)
        select tenant_id, '*', ${found.weight}, null, false from tenant where tier = ${name} order by tenant_id
        on conflict (tenant_id, type) do update set weight = excluded.weight`;
    },
  };
}

function tierOf({ name, limits }: typeof tier.$inferSelect): Tier {
  const values: Partial<Record<LimitName, number>> = {};
  for (const limit of limitNames) if (limits[limit] !== undefined) values[limit] = limits[limit];
  return { name, limits: values, weight: limits['weight'] ?? 1 };
}

export type EffectiveLimit = { readonly value: number; readonly source: 'tier' | 'tenant' };

/** What a tenant may use: its own limits before those of its tier. */
export async function effectiveLimits(
  { system: { sql } }: Pick<Database, 'system'>,
  { tenantId }: Pick<TenantScope, 'tenantId'>,
): Promise<ReadonlyMap<LimitName, EffectiveLimit>> {
  const [row] = await sql<
    {
      series: number | null;
      query_samples: number | null;
      query_series: number | null;
      query_seconds: number | null;
      own: Readonly<Record<string, number>> | null;
      of_tier: Readonly<Record<string, number>> | null;
    }[]
  >`
    select max_series as series, query_samples, query_series, query_timeout_ms / 1000.0::float8 as query_seconds,
      (select jsonb_object_agg(l.name, l.value) from tenant_limit l where l.tenant_id = t.tenant_id and l.key = '') as own,
      tier.limits as of_tier
    from tenant t left join tier on tier.name = t.tier where t.tenant_id = ${tenantId}`;
  const own: Readonly<Record<string, number | null | undefined>> = {
    series: row?.series,
    'query-samples': row?.query_samples,
    'query-series': row?.query_series,
    'query-seconds': row?.query_seconds,
    ...row?.own,
  };
  return new Map(
    limitNames.flatMap((name): [LimitName, EffectiveLimit][] => {
      const [mine, ofTier] = [own[name], row?.of_tier?.[name]];
      if (mine !== undefined && mine !== null) return [[name, { value: mine, source: 'tenant' }]];
      return ofTier === undefined ? [] : [[name, { value: ofTier, source: 'tier' }]];
    }),
  );
}
