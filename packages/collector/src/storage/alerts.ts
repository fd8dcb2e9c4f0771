import { and, desc, eq, inArray } from 'drizzle-orm';
import type { Alert } from '@tarsier/protocol';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { alert, channel, notification } from './schema.ts';

export interface AlertChange {
  readonly alert: Alert;
  /** Whether the tenant's channels are told. */
  readonly notify: boolean;
}

export interface Alerts {
  /** Those that are pending or firing. */
  open(scope: TenantScope): Promise<readonly Alert[]>;
  /** Newest first. */
  list(
    scope: TenantScope,
    filter: { readonly state?: Alert['state']['kind'] | undefined; readonly limit: number },
  ): Promise<readonly Alert[]>;
  /** Alerts and the notifications that they cause, in one transaction: neither is lost without the other. */
  save(scope: TenantScope, changes: readonly AlertChange[], now: number): Promise<void>;
  /** Forgets alerts that never fired. */
  delete(scope: TenantScope, ids: readonly string[]): Promise<void>;
}

export function createAlerts({ db }: Database): Alerts {
  // Only `save` below writes the column, so it holds what that was given.
  const toAlert = ({ body }: { body: unknown }): Alert => body as Alert;
  return {
    async open({ tenantId }) {
      const rows = await db
        .select({ body: alert.body })
        .from(alert)
        .where(and(eq(alert.tenantId, tenantId), inArray(alert.state, ['pending', 'firing'])));
      return rows.map(toAlert);
    },
    async list({ tenantId }, { state, limit }) {
      const rows = await db
        .select({ body: alert.body })
        .from(alert)
        .where(and(eq(alert.tenantId, tenantId), state === undefined ? undefined : eq(alert.state, state)))
        .orderBy(desc(alert.since))
        .limit(limit);
      return rows.map(toAlert);
    },
    async save({ tenantId }, changes, now) {
      await db.transaction(async (tx) => {
        const channels = changes.some(({ notify }) => notify)
          ? await tx
              .select({ id: channel.id })
              .from(channel)
              .where(and(eq(channel.tenantId, tenantId), eq(channel.enabled, true)))
          : [];
        for (const { alert: body, notify } of changes) {
          const row = { state: body.state.kind, since: body.state.since, body };
          await tx
            .insert(alert)
            .values({ tenantId, id: body.id, ...row })
            .onConflictDoUpdate({ target: [alert.tenantId, alert.id], set: row });
          if (!notify || channels.length === 0) continue;
          // Named by what it tells: a change whose commit was not heard of, and is saved again, is told once.
          const notifications = channels.map(({ id: channelId }) => ({
            tenantId,
            id: `${channelId}/${body.id}/${body.state.kind}`,
            channelId,
            body,
            createdAt: now,
            dueAt: now,
          }));
          await tx.insert(notification).values(notifications).onConflictDoNothing();
        }
      });
    },
    async delete({ tenantId }, ids) {
      if (ids.length > 0) await db.delete(alert).where(and(eq(alert.tenantId, tenantId), inArray(alert.id, [...ids])));
    },
  };
}
