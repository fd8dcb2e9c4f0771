import { and, eq, sql } from 'drizzle-orm';
import type { Alert, UnixMs } from '@tarsier/protocol';
import { newChannelSchema, type Channel } from '@tarsier/protocol/api';
import type { Database } from './database.ts';
import { channel, notification } from './schema.ts';

/** Something to tell one channel. */
export interface DueNotification {
  readonly tenantId: number;
  readonly id: string;
  readonly channel: Channel;
  readonly alert: Alert;
  readonly createdAt: UnixMs;
  /** Tries before this one. */
  readonly attempts: number;
}

export interface Notifications {
  /** Claims what is due, for a minute: a sender that dies leaves it to the next. */
  due(now: UnixMs, limit: number): Promise<readonly DueNotification[]>;
  sent(notification: DueNotification, now: UnixMs): Promise<void>;
  /** @param retryAt  undefined gives up */
  failed(notification: DueNotification, error: string, retryAt: UnixMs | undefined): Promise<void>;
}

const claimMs = 60_000;

export function createNotifications({ db }: Database): Notifications {
  const one = ({ tenantId, id }: DueNotification) => and(eq(notification.tenantId, tenantId), eq(notification.id, id));
  return {
    async due(now, limit) {
      const rows = await db.transaction(async (tx) => {
        const claimed = await tx.execute<{ tenant_id: number; id: string }>(sql`
          update notification set due_at = ${now + claimMs}, attempts = attempts + 1
          where (tenant_id, id) in (
            select n.tenant_id, n.id from notification n where n.due_at <= ${now}
              -- That an alert is over must not arrive before that it fired.
              and not exists (
                select 1 from notification earlier
                where earlier.tenant_id = n.tenant_id and earlier.channel_id = n.channel_id
                  and earlier.body->>'id' = n.body->>'id' and earlier.due_at is not null
                  and (earlier.created_at, earlier.id) < (n.created_at, n.id)
              )
            order by n.due_at limit ${limit} for update skip locked
          ) returning tenant_id, id`);
        if (claimed.length === 0) return [];
        const keys = sql.join(
          claimed.map(({ tenant_id, id }) => sql`(${tenant_id}::int, ${id})`),
          sql`, `,
        );
        return tx
          .select({ notification, channel: channel.body })
          .from(notification)
          .leftJoin(channel, and(eq(channel.tenantId, notification.tenantId), eq(channel.id, notification.channelId)))
          .where(sql`(${notification.tenantId}, ${notification.id}) in (${keys})`)
          .orderBy(notification.createdAt);
      });
      const due: DueNotification[] = [];
      for (const { notification: row, channel: body } of rows) {
        const entry = { tenantId: row.tenantId, id: row.id, createdAt: row.createdAt, attempts: row.attempts - 1 };
        if (body === null) {
          await db
            .update(notification)
            .set({ dueAt: null, error: 'the channel was deleted' })
            .where(and(eq(notification.tenantId, row.tenantId), eq(notification.id, row.id)));
          continue;
        }
        // Only `Alerts.save` writes the body.
        due.push({
          ...entry,
          channel: { ...newChannelSchema.parse(body), id: row.channelId },
          alert: row.body as Alert,
        });
      }
      return due;
    },
    async sent(entry, now) {
      await db.update(notification).set({ dueAt: null, sentAt: now, error: null }).where(one(entry));
    },
    async failed(entry, error, retryAt) {
      await db
        .update(notification)
        .set({ dueAt: retryAt ?? null, error: error.slice(0, 1_000) })
        .where(one(entry));
    },
  };
}
