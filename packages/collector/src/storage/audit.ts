/** Who changed what: a chain of entries in which each has the hash of the one before, so that none can be altered. */
import { createHash } from 'node:crypto';
import type { UnixMs } from '@tarsier/protocol';
import type { AuditEntry, AuditFilter } from '@tarsier/protocol/api';
import type { TenantScope } from '../tenant.ts';
import type { Database } from './database.ts';
import { decodeCursor, pageOf, type Page } from './cursor.ts';

/** What happened, before it has a number. */
export type AuditEvent = Omit<AuditEntry, 'number' | 'hash'>;

export interface AuditFault {
  /** Of the first entry that is not as it was written. */
  readonly number: number;
  readonly why: string;
}

export interface Audit {
  append(scope: TenantScope, event: AuditEvent): Promise<void>;
  /** Newest first. */
  list(scope: TenantScope, filter: AuditFilter): Promise<Page<AuditEntry>>;
  /**
   * Goes through the whole chain.
   *
   * @returns how many entries there are and the hash of the last one, which kept elsewhere shows whether the end was
   *   cut off; and what is wrong, if anything is
   */
  verify(scope: TenantScope): Promise<{ readonly entries: number; readonly head: string; readonly fault?: AuditFault }>;
}

interface Row {
  readonly number: number;
  readonly at: UnixMs;
  readonly body: string;
  readonly hash: Uint8Array;
}

const genesis = Buffer.alloc(32);
const readAtOnce = 1_000;

export function createAudit({ run, begin }: Database): Audit {
  return {
    async append(scope, event) {
      const { tenantId } = scope;
      await begin(scope, async (tx) => {
        // One after the other: the next one needs the hash of this one.
        await tx`select 1 from tenant where tenant_id = ${tenantId} for no key update`;
        const [last] = await tx<Pick<Row, 'number' | 'hash'>[]>`
          select number, hash from audit where tenant_id = ${tenantId} order by number desc limit 1`;
        const number = (last?.number ?? 0) + 1;
        const body = JSON.stringify(event);
        const hash = hashOf(tenantId, number, body, last?.hash ?? genesis);
        await tx`
          insert into audit (tenant_id, number, at, body, hash)
          values (${tenantId}, ${number}, ${event.at}, ${body}, ${hash})`;
      });
    },
    async list(scope, { start, end, actor, action, limit, cursor }) {
      const before = cursor === undefined ? undefined : decodeCursor(cursor, ['number'])[0];
      const rows = await run(
        scope,
        (sql) => sql<Row[]>`
        select number, at, body, hash from audit
        where tenant_id = ${scope.tenantId}
          ${start === undefined ? sql`` : sql`and at >= ${start}`} ${end === undefined ? sql`` : sql`and at <= ${end}`}
          ${actor === undefined ? sql`` : sql`and body::jsonb -> 'actor' ->> 'name' = ${actor}`}
          ${action === undefined ? sql`` : sql`and body::jsonb ->> 'action' = ${action}`}
          ${before === undefined ? sql`` : sql`and number < ${before}`}
        order by number desc limit ${limit + 1}`,
      );
      return pageOf(
        rows,
        limit,
        ({ number, body, hash }) => ({
          // Only `append` writes the body.
          ...(JSON.parse(body) as AuditEvent),
          number,
          hash: hex(hash),
        }),
        ({ number }) => [number],
      );
    },
    async verify(scope) {
      const { tenantId } = scope;
      let [entries, hash]: [number, Uint8Array] = [0, genesis];
      for (;;) {
        const from = entries;
        const rows = await run(
          scope,
          (sql) => sql<Row[]>`
          select number, at, body, hash from audit
          where tenant_id = ${tenantId} and number > ${from} order by number limit ${readAtOnce}`,
        );
        if (rows.length === 0) return { entries, head: hex(hash) };
        for (const row of rows) {
          const why = faultOf(tenantId, row, entries + 1, hash);
          if (why !== undefined) return { entries, head: hex(hash), fault: { number: entries + 1, why } };
          entries++;
          ({ hash } = row);
        }
      }
    },
  };
}

function faultOf(tenantId: number, row: Row, number: number, before: Uint8Array): string | undefined {
  if (row.number !== number) return `entry ${number} is missing`;
  if (Buffer.compare(row.hash, hashOf(tenantId, number, row.body, before)) !== 0) return `entry ${number} was altered`;
  return undefined;
}

function hashOf(tenantId: number, number: number, body: string, before: Uint8Array): Buffer {
  return createHash('sha256').update(before).update(`${tenantId}\n${number}\n`).update(body).digest();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
