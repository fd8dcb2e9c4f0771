import { randomUUID } from 'node:crypto';
import type { UnixMs } from '@tarsier/protocol';
import type { ChangeEvent, NewChangeEvent } from '@tarsier/protocol/api';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { dayMs } from './hours.ts';

export interface ChangeEventFilter {
  /** Both included. */
  readonly start: UnixMs;
  readonly end: UnixMs;
  readonly kind?: string | undefined;
  /** Those of one of them, or of no host; absent: of all. */
  readonly hosts?: readonly string[] | undefined;
  readonly limit: number;
}

/** Deployments and the like, as people and their programs tell of them. */
export interface ChangeEvents {
  save(scope: TenantScope, event: NewChangeEvent): Promise<ChangeEvent>;
  find(scope: TenantScope, id: string): Promise<ChangeEvent | undefined>;
  /** Newest first. */
  list(scope: TenantScope, filter: ChangeEventFilter): Promise<readonly ChangeEvent[]>;
  /** @returns whether there was one */
  delete(scope: TenantScope, id: string): Promise<boolean>;
  /** Deletes what is older than this, or than a tenant keeps its rollups by minute. */
  expire(now: UnixMs, days: number): Promise<void>;
}

export function createChangeEvents({ run, system }: Database, now: () => number): ChangeEvents {
  return {
    async save(scope, event) {
      const { tenantId } = scope;
      const saved = { ...event, id: event.id ?? randomUUID(), at: event.at ?? now() };
      await run(
        scope,
        (sql) => sql`
        insert into change_event (tenant_id, id, at, until, kind, host, body)
        values (${tenantId}, ${saved.id}, ${saved.at}, ${saved.until ?? saved.at}, ${saved.kind}, ${saved.host},
          ${JSON.stringify(saved)}::text::jsonb)
        on conflict (tenant_id, id) do update set at = excluded.at, until = excluded.until, kind = excluded.kind,
          host = excluded.host, body = excluded.body`,
      );
      return saved;
    },
    async find(scope, id) {
      const [row] = await run(
        scope,
        (sql) => sql<{ body: ChangeEvent }[]>`
        select body from change_event where tenant_id = ${scope.tenantId} and id = ${id}`,
      );
      return row?.body;
    },
    async list(scope, { start, end, kind, hosts, limit }) {
      const { tenantId } = scope;
      // Only `save` writes the body.
      const rows = await run(
        scope,
        (sql) => sql<{ body: ChangeEvent }[]>`
        select body from change_event
        where tenant_id = ${tenantId} and at <= ${end} and until >= ${start}
          ${kind === undefined ? sql`` : sql`and kind = ${kind}`}
          ${hosts === undefined ? sql`` : sql`and host in ${sql(['', ...hosts])}`}
        order by at desc, id limit ${limit}`,
      );
      return rows.map(({ body }) => body);
    },
    async delete(scope, id) {
      const { tenantId } = scope;
      const gone = await run(
        scope,
        (sql) => sql`delete from change_event where tenant_id = ${tenantId} and id = ${id} returning id`,
      );
      return gone.length > 0;
    },
    async expire(at, days) {
      await system.sql`
        delete from change_event e using tenant t
        where t.tenant_id = e.tenant_id and e.until < ${at} - coalesce(t.minutes_days::float8, ${days}) * ${dayMs}`;
    },
  };
}
