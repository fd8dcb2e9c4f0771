/**
 * A change, and all that has to be with it or not be at all: what was read before it, what it writes, who is noted to
 * have made it. Whatever is done with the scope that a change is given is in its one transaction.
 */
import { TarsierError } from '@tarsier/protocol';
import { sql as fragment } from 'drizzle-orm';
import type { PostgresJsDatabase, PostgresJsSession } from 'drizzle-orm/postgres-js';
import type { TenantScope } from '../tenant.ts';
import type { DrizzleTransaction, TarsierSql, TarsierTransaction } from './database.ts';
import { scopeSetting } from './row-security.ts';
import type { Scoped, Scopes } from './scoped-pool.ts';

/**
 * @param lock  changes of the same tenant and lock wait for each other: each reads what the one before has written
 * @param work  its scope is that of the transaction until it has ended, and an ordinary one afterwards
 * @throws {TarsierError} `storage/busy` when others held what it needs for too long
 */
export type Change = <T>(
  scope: TenantScope,
  lock: string | undefined,
  work: (scope: TenantScope) => Promise<T>,
) => Promise<T>;

export interface Changes {
  readonly change: Change;
  /** The same connections, but within a change those of its transaction. */
  join(pool: Scoped): Scoped;
  /** The transaction of a scope that is a change's. */
  within(scopes: Scopes): DrizzleTransaction | undefined;
}

interface Open {
  readonly db: DrizzleTransaction;
  readonly tx: TarsierTransaction;
}

type Drizzle = PostgresJsDatabase;

/** Longer than any of them takes; whoever waits longer is told to come again. */
const lockTimeoutMs = 5_000;
/** Lock timeout, deadlock, serialization failure. */
const busyCodes: ReadonlySet<string> = new Set(['55P03', '40P01', '40001']);

export function createChanges(db: Drizzle): Changes {
  // By the scope itself, so that none that is kept longer than its change can reach the transaction.
  const all = new WeakMap<object, Open>();
  const openOf = (scopes: Scopes): Open | undefined => all.get(scopes);
  return {
    async change(scope, lock, work) {
      const inner = { ...scope };
      try {
        return await db.transaction(async (db) => {
          const { tenantId } = scope;
          await db.execute(fragment`select set_config(${scopeSetting}, ${String(tenantId)}, true),
            set_config('lock_timeout', ${String(lockTimeoutMs)}, true)`);
          if (lock !== undefined) {
            await db.execute(fragment`select pg_advisory_xact_lock(hashtextextended(${`${tenantId} ${lock}`}, 0))`);
          }
          // The driver's own, for statements that are not drizzle's.
          const { client } = db._.session as PostgresJsSession<
            TarsierSql,
            Record<string, never>,
            Record<string, never>
          >;
          all.set(inner, { db, tx: client as unknown as TarsierTransaction });
          try {
            return await work(inner);
          } finally {
            all.delete(inner);
          }
        });
      } catch (cause) {
        if (!busyCodes.has(codeOf(cause))) throw cause;
        throw new TarsierError('storage/busy', 'others are changing the same; try again', { cause, retryable: true });
      }
    },
    within: (scopes) => openOf(scopes)?.db,
    join: (pool) => ({
      run(scopes, statement, signal) {
        const open = openOf(scopes);
        // A transaction makes statements as a client does.
        return open === undefined
          ? pool.run(scopes, statement, signal)
          : Promise.resolve(statement(open.tx as unknown as TarsierSql));
      },
      async runEarly(scopes, statement, onSeen) {
        const open = openOf(scopes);
        if (open === undefined) return pool.runEarly(scopes, statement, onSeen);
        const sql = open.tx as unknown as TarsierSql;
        return await statement(sql, sql`null`);
      },
      stream(scopes, atOnce, statement) {
        const open = openOf(scopes);
        return open === undefined
          ? pool.stream(scopes, atOnce, statement)
          : (statement(open.tx as unknown as TarsierSql).cursor(atOnce) as AsyncIterable<never>);
      },
      begin(scopes, work) {
        const open = openOf(scopes);
        return open === undefined ? pool.begin(scopes, work) : work(open.tx);
      },
    }),
  };
}

/** PostgreSQL's code, of an error or of what caused it: drizzle wraps them. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return 'code' in error && busyCodes.has(String(error.code)) ? String(error.code) : codeOf(error.cause);
}
