import { and, desc, eq, gte, isNull, lte, or } from 'drizzle-orm';
import type { Anomaly, UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { anomaly } from './schema.ts';

export interface Anomalies {
  /** Writes each by its id: the same one again replaces the former. */
  save(scope: TenantScope, anomalies: readonly Anomaly[]): Promise<void>;
  /** Those of these ids that are there, the oldest first. */
  byIds(scope: TenantScope, ids: readonly string[]): Promise<readonly Anomaly[]>;
  /** Those that last. */
  open(scope: TenantScope): Promise<readonly Anomaly[]>;
  /** Those that overlap `start`..`end`, newest first. */
  list(
    scope: TenantScope,
    range: { readonly start: UnixMs; readonly end: UnixMs; readonly host?: string | undefined },
  ): Promise<readonly Anomaly[]>;
}

const mostListed = 2_000;

export function createAnomalies({ within, run }: Database): Anomalies {
  // Only `save` below writes the column, so it holds what that was given.
  const toAnomaly = ({ body }: { body: unknown }): Anomaly => body as Anomaly;
  return {
    async save(scope, anomalies) {
      const { tenantId } = scope;
      // One statement: one for each would be most of what an anomaly costs, and there may be thousands at once.
      await run(
        scope,
        (sql) => sql`
        insert into anomaly (tenant_id, id, host, start, "end", peak_score, body)
        select ${tenantId}, body ->> 'id', body ->> 'host', (body ->> 'start')::bigint, (body ->> 'end')::bigint,
          (body ->> 'peakScore')::float8, body
        from jsonb_array_elements(${JSON.stringify(anomalies)}::text::jsonb) as given(body)
        on conflict (tenant_id, id) do update
        set host = excluded.host, start = excluded.start, "end" = excluded."end", peak_score = excluded.peak_score,
          body = excluded.body`,
      );
    },
    async byIds(scope, ids) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<{ body: unknown }[]>`
        select body from anomaly where tenant_id = ${tenantId} and id = any(${[...ids]}::text[]) order by start, id`,
      );
      return rows.map(toAnomaly);
    },
    async open(scope) {
      const { tenantId } = scope;
      const rows = await within(scope, (tx) =>
        tx
          .select({ body: anomaly.body })
          .from(anomaly)
          .where(and(eq(anomaly.tenantId, tenantId), isNull(anomaly.end))),
      );
      return rows.map(toAnomaly);
    },
    async list(scope, { start, end, host }) {
      const { tenantId } = scope;
      const rows = await within(scope, (tx) =>
        tx
          .select({ body: anomaly.body })
          .from(anomaly)
          .where(
            and(
              eq(anomaly.tenantId, tenantId),
              lte(anomaly.start, end),
              or(isNull(anomaly.end), gte(anomaly.end, start)),
              host === undefined ? undefined : eq(anomaly.host, host),
            ),
          )
          .orderBy(desc(anomaly.start))
          .limit(mostListed),
      );
      return rows.map(toAnomaly);
    },
  };
}
