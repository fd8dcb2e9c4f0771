/** Requests that are made once, however often they are sent. */
import type { UnixMs } from '@tarsier/protocol';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';

export interface KeptAnswer {
  /** Of what was asked then. */
  readonly request: Uint8Array;
  /** Absent while the first request is under way, or where the answer is not kept. */
  readonly answer?: { readonly status: number; readonly body: string | undefined };
}

export interface Idempotency {
  /** @returns what is known of the key; undefined when it is new, and now taken */
  claim(scope: TenantScope, hash: Uint8Array, request: Uint8Array, now: UnixMs): Promise<KeptAnswer | undefined>;
  /** @param body  undefined for an answer that is not to be given again */
  keep(
    scope: TenantScope,
    hash: Uint8Array,
    answer: { readonly status: number; readonly body: string | undefined },
  ): Promise<void>;
  /** The request was refused or failed: it may be made again. */
  forget(scope: TenantScope, hash: Uint8Array): Promise<void>;
  /** Of all tenants. */
  expire(before: UnixMs): Promise<void>;
}

/** A first request that is not answered by then died with its collector. */
const lostMs = 60_000;

export function createIdempotency({ run, system }: Database): Idempotency {
  return {
    async claim(scope, hash, request, now) {
      const { tenantId } = scope;
      const taken = await run(
        scope,
        (sql) => sql`
        insert into idempotency_key (tenant_id, hash, request, created_at)
        values (${tenantId}, ${hash}, ${request}, ${now})
        on conflict (tenant_id, hash) do update set request = excluded.request, created_at = excluded.created_at
          where idempotency_key.status is null and idempotency_key.created_at < ${now - lostMs}
        returning hash`,
      );
      if (taken.length > 0) return undefined;
      const [row] = await run(
        scope,
        (sql) => sql<{ request: Uint8Array; status: number | null; body: string | null }[]>`
        select request, status, body from idempotency_key where tenant_id = ${tenantId} and hash = ${hash}`,
      );
      // Forgotten between the two statements: whoever asks again finds it free.
      if (row === undefined) return { request };
      if (row.status === null) return { request: row.request };
      return { request: row.request, answer: { status: row.status, body: row.body ?? undefined } };
    },
    async keep(scope, hash, { status, body }) {
      await run(
        scope,
        (sql) => sql`
        update idempotency_key set status = ${status}, body = ${body ?? null}
        where tenant_id = ${scope.tenantId} and hash = ${hash}`,
      );
    },
    async forget(scope, hash) {
      await run(
        scope,
        (sql) => sql`delete from idempotency_key where tenant_id = ${scope.tenantId} and hash = ${hash}`,
      );
    },
    async expire(before) {
      await system.sql`delete from idempotency_key where created_at < ${before}`;
    },
  };
}
