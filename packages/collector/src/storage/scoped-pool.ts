/**
 * Hot file: connections that each have the scope of one statement at a time. One that was used for the same tenants
 * before is used again as it is, so that a scope costs nothing where there is one tenant, and one short message, sent
 * together with the statement, where it changes: `pnpm bench ingest`, `pnpm bench query`.
 */
import type { PendingQuery, Row } from 'postgres';
import type { TenantScope } from '../tenant.ts';
import { cancelling } from './cancelling.ts';
import type { TarsierSql, TarsierTransaction } from './database.ts';
import { scopeSetting } from './row-security.ts';

/** Whose rows a statement may touch: a tenant's; for batches that are committed together those of several. */
export type Scopes = Pick<TenantScope, 'tenantId'> | readonly Pick<TenantScope, 'tenantId'>[];

/** Makes one statement with what it is given, which also makes its parts. */
export type Statement<T extends readonly Row[]> = (sql: TarsierSql) => PendingQuery<T>;

/** The same with a column that makes its commit wait for no disk. */
export type EarlyStatement<T extends readonly Row[]> = (
  sql: TarsierSql,
  early: PendingQuery<readonly Row[]>,
) => PendingQuery<T>;

export interface Scoped {
  /** One statement. @param signal  ends it when nobody waits for it any more; @throws the signal's reason */
  run<T extends readonly Row[]>(scopes: Scopes, statement: Statement<T>, signal?: AbortSignal): Promise<T>;
  /**
   * One statement that others may see the result of before it is on the disk: what they commit then comes after it
   * there. Within a change it is as any other.
   *
   * @param onSeen  is called when others see it
   * @returns once it is on the disk: until then nobody may be told that it was done
   */
  runEarly<T extends readonly Row[]>(scopes: Scopes, statement: EarlyStatement<T>, onSeen: () => void): Promise<T>;
  /** One statement's rows, so many at once. Holds a connection until it is ended. */
  stream<T extends Row>(scopes: Scopes, atOnce: number, statement: Statement<T[]>): AsyncIterable<T[]>;
  /** Several statements in one transaction. */
  begin<T>(scopes: Scopes, work: (tx: TarsierTransaction) => Promise<T>): Promise<T>;
}

export interface ScopedPool extends Scoped {
  close(): Promise<void>;
}

interface Slot {
  readonly sql: TarsierSql;
  /** What its connection has in scope; undefined for a connection that is yet to be made. */
  scope: string | undefined;
}

interface Waiting {
  readonly scope: string;
  readonly take: (slot: Slot) => void;
}

/**
 * @param open  makes a client of one connection; it tells when that is closed, and makes another when it is needed
 * @param cancels  a connection apart, to end statements
 */
export function createScopedPool(
  size: number,
  open: (onClose: () => void) => TarsierSql,
  cancels: TarsierSql,
): ScopedPool {
  const slots = Array.from({ length: size }, () => {
    const slot: Slot = { sql: open(() => (slot.scope = undefined)), scope: undefined };
    return slot;
  });
  const free = [...slots];
  const waiting: Waiting[] = [];

  function take(scope: string, signal: AbortSignal | undefined): Slot | Promise<Slot> {
    if (free.length > 0) {
      // The last one given back is the warmest.
      const at = free.findLastIndex((slot) => slot.scope === scope);
      const [slot] = free.splice(at, 1);
      if (slot !== undefined) return slot;
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.splice(waiting.indexOf(entry), 1);
        reject(signal?.reason);
      };
      const entry: Waiting = {
        scope,
        take(slot) {
          signal?.removeEventListener('abort', leave);
          resolve(slot);
        },
      };
      waiting.push(entry);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  function giveBack(slot: Slot): void {
    const next = waiting.shift();
    if (next === undefined) free.push(slot);
    else next.take(slot);
  }

  /** Undefined where it has it already. What is sent next waits for it in the connection. */
  function setScope(slot: Slot, scope: string): Promise<unknown> | undefined {
    if (slot.scope === scope) return undefined;
    slot.scope = scope;
    const set = slot.sql.unsafe(`set ${scopeSetting} = '${scope}'`).execute();
    set.catch(() => (slot.scope = undefined));
    return set;
  }

  return {
    async run(scopes, statement, signal) {
      signal?.throwIfAborted();
      const scope = idsOf(scopes);
      const slot = await take(scope, signal);
      try {
        const set = setScope(slot, scope);
        const asked = statement(slot.sql);
        const answer = signal === undefined ? asked : cancelling(asked, signal, cancels);
        if (set === undefined) return await answer;
        const [done, rows] = await Promise.allSettled([set, answer]);
        if (rows.status === 'rejected') throw rows.reason;
        // Without its scope the statement had another's, and what it found counts for nothing.
        if (done.status === 'rejected') throw done.reason;
        return rows.value;
      } finally {
        giveBack(slot);
      }
    },

    async runEarly(scopes, statement, onSeen) {
      const scope = idsOf(scopes);
      const slot = await take(scope, undefined);
      try {
        const { sql } = slot;
        const set = setScope(slot, scope);
        const seen = statement(sql, notOnDisk(sql)).then((rows) => {
          onSeen();
          return rows;
        });
        const [done, rows, onDisk] = await Promise.allSettled([set, seen, flushStatement(sql)]);
        for (const one of [rows, done, onDisk]) if (one.status === 'rejected') throw one.reason;
        return await seen;
      } finally {
        giveBack(slot);
      }
    },

    async *stream(scopes, atOnce, statement) {
      const scope = idsOf(scopes);
      const slot = await take(scope, undefined);
      try {
        await setScope(slot, scope);
        // A page's rows are those of the statement's type.
        yield* statement(slot.sql).cursor(atOnce) as AsyncIterable<never>;
      } finally {
        giveBack(slot);
      }
    },

    async begin(scopes, work) {
      const scope = idsOf(scopes);
      const slot = await take(scope, undefined);
      try {
        await setScope(slot, scope);
        // The driver's type unwraps arrays of promises, which nobody returns here.
        return (await slot.sql.begin(async (tx) => ({ result: await work(tx) }))).result;
      } finally {
        giveBack(slot);
      }
    },

    async close() {
      await Promise.all(slots.map(({ sql }) => sql.end({ timeout: 5 })));
    },
  };
}

/** A transaction that only writes a message: its commit waits until all before it is on the disk. */
export function flushStatement(sql: TarsierSql): PendingQuery<Row[]> {
  return sql`select ${flushed(sql)}`;
}

/** As a column of a statement: the commit of its transaction waits for no disk, and a crash may take it back. */
export function notOnDisk(sql: TarsierSql): PendingQuery<readonly Row[]> {
  return sql`set_config('synchronous_commit', 'off', true)`;
}

/** As a column of a statement: its commit waits until all before it is on the disk, whatever else it does. */
export function flushed(sql: TarsierSql): PendingQuery<Row[]> {
  return sql`pg_logical_emit_message(true, 'tarsier', '')`;
}

export function idsOf(scopes: Scopes): string {
  if (!isSeveral(scopes)) return String(scopes.tenantId);
  return [...new Set(scopes.map(({ tenantId }) => tenantId))].toSorted((a, b) => a - b).join();
}

function isSeveral(scopes: Scopes): scopes is Exclude<Scopes, { readonly tenantId: number }> {
  return Array.isArray(scopes);
}
