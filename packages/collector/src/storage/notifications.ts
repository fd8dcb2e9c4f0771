import { and, eq, sql } from 'drizzle-orm';
import type { Message, UnixMs } from '@tarsier/protocol';
import { newChannelSchema, type Channel } from '@tarsier/protocol/api';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { channel, notification } from './schema.ts';

/** Something to tell one channel. */
export interface DueNotification {
  readonly tenantId: number;
  readonly id: string;
  readonly incidentId: string;
  /** A channel hears of an incident's notifications in this order. */
  readonly number: number;
  readonly channel: Channel;
  readonly message: Message;
  readonly createdAt: UnixMs;
  /** Tries before this one. */
  readonly attempts: number;
}

export interface Notifications {
  /** Claims what is due, but not for these channels, for a minute: a sender that dies leaves it to the next. */
  due(now: UnixMs, limit: number, except?: readonly string[]): Promise<readonly DueNotification[]>;
  /** What is due at times that are yet to come again is due now; what may be on its way, once its claim has ended. */
  clockWasPutBack(now: UnixMs): Promise<void>;
  sent(notification: DueNotification, now: UnixMs): Promise<void>;
  /** @param retryAt  undefined gives up */
  failed(notification: DueNotification, error: string, retryAt: UnixMs | undefined): Promise<void>;
  /** When each channel was last sent something, of the newest so many per channel, in order. */
  recent(scope: TenantScope, perChannel: number): Promise<ReadonlyMap<string, readonly UnixMs[]>>;
}

const claimMs = 60_000;

export function createNotifications({ within, run, system }: Database): Notifications {
  const one = ({ tenantId, id }: DueNotification) => and(eq(notification.tenantId, tenantId), eq(notification.id, id));
  return {
    async due(now, limit, except = []) {
      const others = except.length === 0 ? sql`` : sql`and n.channel_id not in ${[...except]}`;
      const rows = await system.db.transaction(async (tx) => {
        const claimed = await tx.execute<{ tenant_id: number; id: string }>(sql`
          update notification set due_at = ${now + claimMs}, attempts = attempts + 1
          where (tenant_id, id) in (
            select n.tenant_id, n.id from notification n where n.due_at <= ${now} ${others}
              -- That an incident is over must not arrive before that it began.
              and not exists (
                select 1 from notification earlier
                where earlier.tenant_id = n.tenant_id and earlier.channel_id = n.channel_id
                  and earlier.incident_id = n.incident_id and earlier.due_at is not null and earlier.number < n.number
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
          .orderBy(notification.createdAt, notification.number);
      });
      const due: DueNotification[] = [];
      for (const { notification: row, channel: body } of rows) {
        const { tenantId, id, incidentId, number, createdAt } = row;
        if (body === null) {
          await within(row, (tx) =>
            tx
              .update(notification)
              .set({ dueAt: null, error: 'the channel was deleted' })
              .where(and(eq(notification.tenantId, tenantId), eq(notification.id, id))),
          );
          continue;
        }
        due.push({
          tenantId,
          id,
          incidentId,
          number,
          createdAt,
          attempts: row.attempts - 1,
          channel: { ...newChannelSchema.parse(body), id: row.channelId },
          // Only `Incidents.save` writes the body.
          message: row.body as Message,
        });
      }
      return due;
    },
    async clockWasPutBack(now) {
      await system.sql`
        update notification set due_at = case when attempts = 0 then ${now}::bigint else ${now + claimMs}::bigint end
        where due_at > case when attempts = 0 then ${now}::bigint else ${now + claimMs}::bigint end`;
    },
    async sent(entry, now) {
      await within(entry, (tx) =>
        tx.update(notification).set({ dueAt: null, sentAt: now, error: null }).where(one(entry)),
      );
    },
    async failed(entry, error, retryAt) {
      await within(entry, (tx) =>
        tx
          .update(notification)
          .set({ dueAt: retryAt ?? null, error: error.slice(0, 1_000) })
          .where(one(entry)),
      );
    },
    async recent(scope, perChannel) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<{ channel_id: string; times: number[] }[]>`
        select c.id as channel_id, array(
          select created_at from notification n where n.tenant_id = c.tenant_id and n.channel_id = c.id
          order by created_at desc limit ${perChannel}) as times
        from channel c where c.tenant_id = ${tenantId}`,
      );
      return new Map(rows.map(({ channel_id, times }) => [channel_id, times.map(Number).toReversed()]));
    },
  };
}
