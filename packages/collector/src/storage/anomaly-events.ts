import { and, eq, isNull } from 'drizzle-orm';
import type { AnomalyEvent, UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../tenant.ts';
import type { Database, DrizzleTransaction } from './database.ts';
import { anomalyEvent } from './schema.ts';

export interface AnomalyEvents {
  /** Writes each by its id: the same one again replaces the former. */
  save(scope: TenantScope, events: readonly AnomalyEvent[]): Promise<void>;
  find(scope: TenantScope, id: string): Promise<AnomalyEvent | undefined>;
  /** Those of these ids that are there, the oldest first. */
  byIds(scope: TenantScope, ids: readonly string[]): Promise<readonly AnomalyEvent[]>;
  /** Those that last. */
  open(scope: TenantScope): Promise<readonly AnomalyEvent[]>;
  /** Those that overlap `start`..`end`, newest first. */
  list(
    scope: TenantScope,
    range: {
      readonly start: UnixMs;
      readonly end: UnixMs;
      /** Absent: of all. */
      readonly hosts?: readonly string[];
    },
  ): Promise<readonly AnomalyEvent[]>;
}

const mostListed = 1_000;

export function createAnomalyEvents({ within, run }: Database): AnomalyEvents {
  // Only `save` below writes the column, so it holds what that was given.
  const toEvent = ({ body }: { body: unknown }): AnomalyEvent => body as AnomalyEvent;
  const bodies = (tx: DrizzleTransaction) => tx.select({ body: anomalyEvent.body }).from(anomalyEvent);
  return {
    async save(scope, events) {
      const { tenantId } = scope;
      await within(scope, async (tx) => {
        for (const body of events) {
          const { id, host, start, end = null, peakSurprise } = body;
          const row = { host, start, end, peakSurprise, body };
          await tx
            .insert(anomalyEvent)
            .values({ tenantId, id, ...row })
            .onConflictDoUpdate({ target: [anomalyEvent.tenantId, anomalyEvent.id], set: row });
        }
      });
    },
    async find(scope, id) {
      const { tenantId } = scope;
      const [row] = await within(scope, (tx) =>
        bodies(tx).where(and(eq(anomalyEvent.tenantId, tenantId), eq(anomalyEvent.id, id))),
      );
      return row === undefined ? undefined : toEvent(row);
    },
    async byIds(scope, ids) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<{ body: unknown }[]>`
        select body from anomaly_event where tenant_id = ${tenantId} and id = any(${[...ids]}::text[]) order by start, id`,
      );
      return rows.map(toEvent);
    },
    async open(scope) {
      const { tenantId } = scope;
      const rows = await within(scope, (tx) =>
        bodies(tx).where(and(eq(anomalyEvent.tenantId, tenantId), isNull(anomalyEvent.end))),
      );
      return rows.map(toEvent);
    },
    async list(scope, { start, end, hosts }) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<{ body: unknown }[]>`
        select body from anomaly_event
        where tenant_id = ${tenantId} and start <= ${end} and ("end" is null or "end" >= ${start})
          ${hosts === undefined ? sql`` : sql`and host = any(${[...hosts]}::text[])`}
        order by start desc limit ${mostListed}`,
      );
      return rows.map(toEvent);
    },
  };
}
