import { and, eq, inArray } from 'drizzle-orm';
import type { Alert, UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import type { Fence } from './leases.ts';
import { alert } from './schema.ts';

export interface Alerts {
  /** Those of these ids that are there, the oldest first. */
  byIds(scope: TenantScope, ids: readonly string[]): Promise<readonly Alert[]>;
  /** Those that are pending or firing. */
  open(scope: TenantScope): Promise<readonly Alert[]>;
  /** Those that were over after a time. */
  overSince(scope: TenantScope, since: UnixMs): Promise<readonly Alert[]>;
  /** Those of the rules, by name or id, that fired at some time of the range; the newest, oldest first. */
  ofRules(
    scope: TenantScope,
    rules: readonly string[],
    range: { readonly start: UnixMs; readonly end: UnixMs },
  ): Promise<readonly Alert[]>;
  /** All of them or none, each by its id: the last of several counts. */
  save(scope: TenantScope, alerts: readonly Alert[]): Promise<void>;
  /** Forgets alerts that never fired. */
  delete(scope: TenantScope, ids: readonly string[]): Promise<void>;
}

const mostOfRules = 10_000;

export function createAlerts({ within, run, begin }: Database, fence: Fence): Alerts {
  // Only `save` below writes the column, so it holds what that was given.
  const toAlert = ({ body }: { body: unknown }): Alert => body as Alert;
  return {
    async byIds(scope, ids) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<{ body: unknown }[]>`
        select body from alert where tenant_id = ${tenantId} and id = any(${[...ids]}::text[]) order by since, id`,
      );
      return rows.map(toAlert);
    },
    async open(scope) {
      const { tenantId } = scope;
      const rows = await within(scope, (tx) =>
        tx
          .select({ body: alert.body })
          .from(alert)
          .where(and(eq(alert.tenantId, tenantId), inArray(alert.state, ['pending', 'firing']))),
      );
      return rows.map(toAlert);
    },
    async overSince(scope, since) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<{ body: unknown }[]>`
        select body from alert
        where tenant_id = ${tenantId} and state = 'resolved' and (body -> 'state' ->> 'resolvedAt')::float8 > ${since}`,
      );
      return rows.map(toAlert);
    },
    async ofRules(scope, rules, { start, end }) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<{ body: Alert }[]>`
        select body from alert
        where tenant_id = ${tenantId} and state <> 'pending' and since <= ${end}
          and (state = 'firing' or (body -> 'state' ->> 'resolvedAt')::float8 > ${start})
          and (body ->> 'name' = any(${[...rules]}::text[]) or body ->> 'ruleId' = any(${[...rules]}::text[]))
        order by since desc limit ${mostOfRules}`,
      );
      return rows.map(toAlert).toReversed();
    },
    async save(scope, alerts) {
      const { tenantId } = scope;
      // One statement can't write a row twice.
      const last = [...new Map(alerts.map((one) => [one.id, one])).values()];
      await begin(scope, async (tx) => {
        await fence(tx, scope);
        await tx`
          insert into alert (tenant_id, id, state, since, body)
          select ${tenantId}, body ->> 'id', body -> 'state' ->> 'kind',
            (body -> 'state' ->> 'since')::float8::bigint, body
          from jsonb_array_elements(${JSON.stringify(last)}::text::jsonb) as body
          on conflict (tenant_id, id) do update
          set state = excluded.state, since = excluded.since, body = excluded.body`;
      });
    },
    async delete(scope, ids) {
      const { tenantId } = scope;
      if (ids.length === 0) return;
      await begin(scope, async (tx) => {
        await fence(tx, scope);
        await tx`delete from alert where tenant_id = ${tenantId} and id = any(${[...ids]}::text[])`;
      });
    },
  };
}
