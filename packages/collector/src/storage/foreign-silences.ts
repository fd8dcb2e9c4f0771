/** Silences of Alertmanagers that alerts are forwarded to, as they were last read there. */
import { and, eq, inArray, sql } from 'drizzle-orm';
import { newSilenceSchema, type NewSilence, type Silence } from '@tarsier/protocol/api';
import { z } from 'zod';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { alertPolicy } from './schema.ts';

export interface ForeignSilence extends NewSilence {
  /** There. */
  readonly id: string;
}

export interface ForeignSilences {
  /** Those of channels that are there, by id; each with the channel's name. */
  list(scope: TenantScope): Promise<readonly Silence[]>;
  /** Tenants that forward to an Alertmanager, or did and still have silences of it. */
  tenants(): Promise<readonly TenantScope[]>;
  /**
   * In place of what a channel had before.
   *
   * @returns whether anything has changed
   */
  put(scope: TenantScope, channelId: string, silences: readonly ForeignSilence[]): Promise<boolean>;
  /** Deletes those of channels that are gone, or lead elsewhere now. */
  keepOnly(scope: TenantScope, channelIds: readonly string[]): Promise<void>;
}

/** Of their rows among policies. */
export const foreignSilenceKind = 'foreign-silence';
const bodySchema = z.intersection(newSilenceSchema, z.object({ channelId: z.string() }));

export function createForeignSilences({ within, run, system }: Database, now: () => number): ForeignSilences {
  const ofTenant = ({ tenantId }: TenantScope) =>
    and(eq(alertPolicy.tenantId, tenantId), eq(alertPolicy.kind, foreignSilenceKind));
  return {
    async list(scope) {
      const rows = await run(
        scope,
        (sql) => sql<{ id: string; body: unknown; channel: unknown }[]>`
        select p.id, p.body, c.body as channel from alert_policy p
        join channel c on c.tenant_id = p.tenant_id and c.id = p.body ->> 'channelId'
          and c.body ->> 'kind' = 'alertmanager'
        where p.tenant_id = ${scope.tenantId} and p.kind = ${foreignSilenceKind} order by p.id`,
      );
      return rows.map(({ id, body, channel: lender }) => {
        const { channelId: _, ...silence } = bodySchema.parse(body);
        return { ...silence, id, from: z.object({ name: z.string() }).parse(lender).name };
      });
    },
    tenants: () => system.sql<TenantScope[]>`
      select tenant_id as "tenantId", name as tenant from tenant join (
        select tenant_id from channel where body ->> 'kind' = 'alertmanager'
        union select tenant_id from alert_policy where kind = ${foreignSilenceKind}
      ) as having_some using (tenant_id) order by tenant_id`,
    put: (scope, channelId, silences) =>
      within(scope, async (tx) => {
        const { tenantId } = scope;
        const ofChannel = and(ofTenant(scope), sql`${alertPolicy.body} ->> 'channelId' = ${channelId}`);
        const before = new Map(
          (await tx.select().from(alertPolicy).where(ofChannel)).map(({ id, body }) => [
            id,
            JSON.stringify(sorted(body)),
          ]),
        );
        const wanted = new Map<string, object>(
          silences.map(({ id, ...silence }) => [`${channelId}:${id}`, { ...silence, channelId }]),
        );
        const gone = [...before.keys()].filter((id) => !wanted.has(id));
        const news = [...wanted].filter(([id, body]) => before.get(id) !== JSON.stringify(sorted(body)));
        if (gone.length > 0) await tx.delete(alertPolicy).where(and(ofTenant(scope), inArray(alertPolicy.id, gone)));
        for (const [id, body] of news) {
          await tx
            .insert(alertPolicy)
            .values({ tenantId, kind: foreignSilenceKind, id, body, createdAt: now() })
            .onConflictDoUpdate({
              target: [alertPolicy.tenantId, alertPolicy.kind, alertPolicy.id],
              set: { body },
            });
        }
        return gone.length + news.length > 0;
      }),
    async keepOnly(scope, channelIds) {
      const others = sql`not (${alertPolicy.body} ->> 'channelId' = any(${sql.param([...channelIds])}::text[]))`;
      await within(scope, (tx) => tx.delete(alertPolicy).where(and(ofTenant(scope), others)));
    },
  };
}

/** PostgreSQL keeps no order of names. */
function sorted(body: unknown): unknown {
  return Object.entries(Object(body)).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
