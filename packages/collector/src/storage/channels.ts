import { randomUUID } from 'node:crypto';
import { and, eq } from 'drizzle-orm';
import { newChannelSchema, type Channel, type ChannelInput, type NewChannel } from '@tarsier/protocol/api';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { channel } from './schema.ts';

export interface Channels {
  list(scope: TenantScope): Promise<readonly Channel[]>;
  create(scope: TenantScope, channel: ChannelInput): Promise<Channel>;
  /** @returns undefined when there is none of that id */
  replace(scope: TenantScope, id: string, channel: NewChannel): Promise<Channel | undefined>;
  /** @returns whether there was one */
  delete(scope: TenantScope, id: string): Promise<boolean>;
}

export function createChannels({ within, run }: Database): Channels {
  return {
    async list(scope) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<{ id: string; body: unknown }[]>`
        select id, body from channel where tenant_id = ${tenantId} order by id`,
      );
      return rows.map(({ id, body }) => ({ ...newChannelSchema.parse(body), id }));
    },
    async create(scope, input) {
      const { tenantId } = scope;
      const body = newChannelSchema.parse(input);
      const id = randomUUID();
      await within(scope, (tx) => tx.insert(channel).values({ tenantId, id, body }));
      return { ...body, id };
    },
    async replace(scope, id, body) {
      const changed = await within(scope, (tx) =>
        tx
          .update(channel)
          .set({ body })
          .where(and(eq(channel.tenantId, scope.tenantId), eq(channel.id, id)))
          .returning({ id: channel.id }),
      );
      return changed.length > 0 ? { ...body, id } : undefined;
    },
    async delete(scope, id) {
      const { tenantId } = scope;
      const gone = await within(scope, (tx) =>
        tx
          .delete(channel)
          .where(and(eq(channel.tenantId, tenantId), eq(channel.id, id)))
          .returning({ id: channel.id }),
      );
      return gone.length > 0;
    },
  };
}
