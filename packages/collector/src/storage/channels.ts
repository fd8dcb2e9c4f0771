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

export function createChannels({ db }: Database): Channels {
  return {
    async list({ tenantId }) {
      const rows = await db.select().from(channel).where(eq(channel.tenantId, tenantId)).orderBy(channel.id);
      return rows.map(({ id, body }) => ({ ...newChannelSchema.parse(body), id }));
    },
    async create({ tenantId }, input) {
      const body = newChannelSchema.parse(input);
      const id = randomUUID();
      await db.insert(channel).values({ tenantId, id, body });
      return { ...body, id };
    },
    async replace({ tenantId }, id, body) {
      const changed = await db
        .update(channel)
        .set({ body })
        .where(and(eq(channel.tenantId, tenantId), eq(channel.id, id)))
        .returning({ id: channel.id });
      return changed.length > 0 ? { ...body, id } : undefined;
    },
    async delete({ tenantId }, id) {
      const gone = await db
        .delete(channel)
        .where(and(eq(channel.tenantId, tenantId), eq(channel.id, id)))
        .returning({ id: channel.id });
      return gone.length > 0;
    },
  };
}
