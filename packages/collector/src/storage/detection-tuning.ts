/** What a tenant wants of detection, what it said of events, and how it did on made ones. */
import { randomUUID } from 'node:crypto';
import type { UnixMs } from '@tarsier/protocol';
import {
  budgetSchema,
  detectionSettingSchema,
  type Budget,
  type Canary,
  type DetectionSetting,
  type EventFeedback,
  type NewDetectionSetting,
} from '@tarsier/protocol/api';
import { and, desc, eq, gte, ne } from 'drizzle-orm';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { anomalyCanary, anomalyFeedback, detectionSettings } from './schema.ts';

export interface EventStatistics {
  /** Largest surprise of each event; without those that somebody found useful. */
  readonly surprises: readonly number[];
  readonly pages: number;
  readonly hosts: number;
  /** When the oldest of the tenant's hosts came. */
  readonly since: UnixMs | undefined;
}

export interface DetectionTuning {
  budget(scope: TenantScope): Promise<Budget | undefined>;
  setBudget(scope: TenantScope, budget: Budget, now: UnixMs): Promise<void>;
  /** How series are watched, the newest first. */
  settings(scope: TenantScope): Promise<readonly DetectionSetting[]>;
  createSetting(scope: TenantScope, setting: NewDetectionSetting, now: UnixMs): Promise<DetectionSetting>;
  /** @returns whether there was one */
  deleteSetting(scope: TenantScope, id: string): Promise<boolean>;
  feedback(scope: TenantScope): Promise<readonly EventFeedback[]>;
  /** Replaces what was said of the same event. */
  saveFeedback(scope: TenantScope, feedback: EventFeedback): Promise<void>;
  /** @returns whether there was any */
  deleteFeedback(scope: TenantScope, eventId: string): Promise<boolean>;
  statistics(scope: TenantScope, since: UnixMs): Promise<EventStatistics>;
  saveCanary(scope: TenantScope, canary: Canary): Promise<void>;
  /** Newest first. Older ones than `since` are deleted. */
  canaries(scope: TenantScope, since: UnixMs): Promise<readonly Canary[]>;
}

const budgetId = 'budget';
const mostFeedback = 1_000;
const mostCanaries = 10_000;

export function createDetectionTuning({ within, run }: Database): DetectionTuning {
  return {
    async budget(scope) {
      const { tenantId } = scope;
      const [row] = await within(scope, (tx) =>
        tx
          .select({ body: detectionSettings.body })
          .from(detectionSettings)
          .where(and(eq(detectionSettings.tenantId, tenantId), eq(detectionSettings.id, budgetId))),
      );
      return row === undefined ? undefined : budgetSchema.parse(row.body);
    },
    async setBudget(scope, body, now) {
      const { tenantId } = scope;
      await within(scope, (tx) =>
        tx
          .insert(detectionSettings)
          .values({ tenantId, id: budgetId, body, createdAt: now })
          .onConflictDoUpdate({ target: [detectionSettings.tenantId, detectionSettings.id], set: { body } }),
      );
    },
    async settings(scope) {
      const { tenantId } = scope;
      const rows = await within(scope, (tx) =>
        tx
          .select({ id: detectionSettings.id, body: detectionSettings.body })
          .from(detectionSettings)
          .where(and(eq(detectionSettings.tenantId, tenantId), ne(detectionSettings.id, budgetId)))
          .orderBy(desc(detectionSettings.createdAt), detectionSettings.id),
      );
      return rows.map(({ id, body }) => ({ ...detectionSettingSchema.parse(body), id }));
    },
    async createSetting(scope, body, now) {
      const { tenantId } = scope;
      const id = randomUUID();
      await within(scope, (tx) => tx.insert(detectionSettings).values({ tenantId, id, body, createdAt: now }));
      return { ...body, id };
    },
    async deleteSetting(scope, id) {
      const { tenantId } = scope;
      if (id === budgetId) return false;
      const gone = await within(scope, (tx) =>
        tx
          .delete(detectionSettings)
          .where(and(eq(detectionSettings.tenantId, tenantId), eq(detectionSettings.id, id)))
          .returning({ id: detectionSettings.id }),
      );
      return gone.length > 0;
    },
    async feedback(scope) {
      const { tenantId } = scope;
      const rows = await within(scope, (tx) =>
        tx
          .select({ body: anomalyFeedback.body })
          .from(anomalyFeedback)
          .where(eq(anomalyFeedback.tenantId, tenantId))
          .orderBy(desc(anomalyFeedback.at))
          .limit(mostFeedback),
      );
      // Only `saveFeedback` writes the column.
      return rows.map(({ body }) => body as EventFeedback);
    },
    async saveFeedback(scope, body) {
      const { tenantId } = scope;
      const { eventId, host, at } = body;
      await within(scope, (tx) =>
        tx
          .insert(anomalyFeedback)
          .values({ tenantId, eventId, host, at, body })
          .onConflictDoUpdate({ target: [anomalyFeedback.tenantId, anomalyFeedback.eventId], set: { at, body } }),
      );
    },
    async deleteFeedback(scope, eventId) {
      const { tenantId } = scope;
      const gone = await within(scope, (tx) =>
        tx
          .delete(anomalyFeedback)
          .where(and(eq(anomalyFeedback.tenantId, tenantId), eq(anomalyFeedback.eventId, eventId)))
          .returning({ eventId: anomalyFeedback.eventId }),
      );
      return gone.length > 0;
    },
    async statistics(scope, since) {
      const { tenantId } = scope;
      const events = await run(
        scope,
        (sql) => sql<{ surprise: number; page: boolean; useful: boolean }[]>`
        select e.peak_surprise as surprise, coalesce((e.body ->> 'page')::boolean, false) as page,
          coalesce(f.body ->> 'verdict' = 'useful', false) as useful
        from anomaly_event e left join anomaly_feedback f on f.tenant_id = e.tenant_id and f.event_id = e.id
        where e.tenant_id = ${tenantId} and e.start >= ${since}`,
      );
      const [all] = await run(
        scope,
        (sql) => sql<{ hosts: number; since: string | null }[]>`
        select count(*)::int as hosts, min(created_at) as since from host
        where tenant_id = ${tenantId} and name <> ''`,
      );
      const alarms = events.filter(({ useful }) => !useful);
      return {
        surprises: alarms.map(({ surprise }) => surprise),
        pages: alarms.filter(({ page }) => page).length,
        hosts: all?.hosts ?? 0,
        since: all?.since === null || all === undefined ? undefined : Number(all.since),
      };
    },
    async saveCanary(scope, body) {
      const { tenantId } = scope;
      const { id, host, at } = body;
      await within(scope, (tx) =>
        tx.insert(anomalyCanary).values({ tenantId, id, host, at, body }).onConflictDoNothing(),
      );
    },
    async canaries(scope, since) {
      const { tenantId } = scope;
      await run(scope, (sql) => sql`delete from anomaly_canary where tenant_id = ${tenantId} and at < ${since}`);
      const rows = await within(scope, (tx) =>
        tx
          .select({ body: anomalyCanary.body })
          .from(anomalyCanary)
          .where(and(eq(anomalyCanary.tenantId, tenantId), gte(anomalyCanary.at, since)))
          .orderBy(desc(anomalyCanary.at))
          .limit(mostCanaries),
      );
      // Only `saveCanary` writes the column.
      return rows.map(({ body }) => body as Canary);
    },
  };
}
