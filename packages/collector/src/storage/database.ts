/**
 * The only way to rows. What a tenant's data is asked for is asked in the tenant's scope, as a role that row-level
 * security holds: a statement that forgets its `tenant_id`, or is given no scope, finds nothing of others.
 */
import { sql as fragment, type ExtractTablesWithRelations } from 'drizzle-orm';
import { drizzle, type PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import type { PgTransaction } from 'drizzle-orm/pg-core';
import postgres from 'postgres';
import { createChanges, type Change } from './changes.ts';
import type { EmbeddedPostgres } from './embedded/embedded.ts';
import { createPipelines, type Pipelines } from './jobs/pipelined-transaction.ts';
import { applicationRole, scopeSetting } from './row-security.ts';
import { createScopedPool, idsOf, type Scoped, type Scopes } from './scoped-pool.ts';

/** Reads int8 as a number. */
export type TarsierSql = postgres.Sql<{ int8: number }>;
export type TarsierTransaction = postgres.TransactionSql<{ int8: number }>;
export type AnySql = TarsierSql | TarsierTransaction;
type Drizzle = ReturnType<typeof drizzle>;
export type DrizzleTransaction = PgTransaction<
  PostgresJsQueryResultHKT,
  Record<string, never>,
  ExtractTablesWithRelations<Record<string, never>>
>;

export interface Database extends Scoped {
  /** Drizzle's statements in one transaction, for what is small and often changed; the builder is too slow for batches. */
  within<T>(scopes: Scopes, work: (tx: DrizzleTransaction) => Promise<T>): Promise<T>;
  /** Several of all these in one transaction. */
  readonly change: Change;
  /** Apart, so that a long query never holds up a commit. */
  readonly reads: Scoped;
  /**
   * Apart, so that a full queue never holds up a commit either; `work` and `claims` are of all tenants, for those who
   * run jobs.
   */
  readonly jobs: Scoped & { readonly work: TarsierSql; readonly claims: Pipelines };
  /**
   * For what is nobody's or everybody's: whose a secret is, what work there is for any tenant, partitions. It is the
   * tables' owner, whom row-level security does not hold: each use names what it looks for.
   */
  readonly system: { readonly db: Drizzle; readonly sql: TarsierSql };
  close(): Promise<void>;
}

/** A statement that finds no connection for this long fails, and its caller may answer "try again". */
const connectTimeoutS = 10;
/** The driver's own goes up to 20 s, and a restarted server has long been there then. */
const reconnectAfterS = (failures: number): number => (0.5 + Math.random() / 2) * Math.min(3 ** failures / 100, 1);
const connections = { drizzle: 4, changes: 4, batches: 4, reads: 4, jobs: 2, work: 2, claims: 2, system: 2 } as const;

/** How to reach the database: a URL, or the embedded server's socket. */
export type Connection = { readonly url: string } | (EmbeddedPostgres['connection'] & { readonly database: string });

const options = {
  connect_timeout: connectTimeoutS,
  backoff: reconnectAfterS,
  onnotice() {},
  // Unix ms fit a double; bigints would have to be converted back one by one.
  types: { int8: { to: 20, from: [20], parse: Number, serialize: String } },
};
// A server with LLVM compiles statements that look dear, of many partitions above all: that takes longer than they do.
const common = { application_name: 'tarsier-collector', jit: 'off' };
const asOwner = { connection: common };

/** A URL may name a socket's folder as libpq has it, `?host=/run/postgresql`, which the driver does not know. */
function optionsOf(connection: Connection): Record<string, unknown> {
  if (!('url' in connection)) return connection;
  const url = new URL(connection.url);
  const folder = url.searchParams.get('host');
  if (folder?.startsWith('/') !== true) return {};
  return {
    host: folder,
    port: url.port === '' ? 5432 : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
  };
}

// `object`, because the driver's types leave some options out.
function openClient(connection: Connection, max: number, more: object): TarsierSql {
  const where = optionsOf(connection);
  return 'url' in connection && where['host'] === undefined
    ? postgres(connection.url, { ...options, ...more, max })
    : postgres({ ...options, ...more, ...where, max });
}

/** One connection with the driver's own types. */
export function connectOnce(connection: Connection): postgres.Sql {
  const where = optionsOf(connection);
  const once = { max: 1, onnotice() {} };
  return 'url' in connection && where['host'] === undefined
    ? postgres(connection.url, once)
    : postgres({ ...where, ...once });
}

/** Statements with more parameters are of any length, as lists are, and each would be kept. */
const mostPrepared = 32;

/**
 * A client for drizzle, which else has each statement parsed and planned anew, and waits for its parameters to be
 * described before it sends them: a second round trip. Changes the client that it is given.
 */
function preparing<T extends AnySql>(sql: T): T {
  const { unsafe } = sql;
  const own: Partial<AnySql> = {
    unsafe: (query, parameters = [], options = {}) =>
      unsafe(query, parameters, { ...options, prepare: parameters.length <= mostPrepared }),
  };
  if ('begin' in sql) {
    const { begin } = sql;
    // As drizzle calls it; its other form has options first.
    const beginPrepared = (work: (tx: TarsierTransaction) => unknown) => begin((tx) => work(preparing(tx)));
    Object.assign(own, { begin: beginPrepared });
  }
  return Object.assign(sql, own);
}

/** A client apart, as the tables' owner: for work that holds connections for long. The caller ends it. */
export function connectAsOwner(connection: Connection, max: number): TarsierSql {
  return openClient(connection, max, asOwner);
}

export function connect(connection: Connection): Database {
  const open = (max: number, more: object = {}): TarsierSql => openClient(connection, max, more);
  // The role it has from the first statement on, and goes back to whenever it is reset.
  const asApplication = { connection: { ...common, role: applicationRole } };
  // Two clients, because drizzle changes how its client reads dates and JSON.
  const forDrizzle = open(connections.drizzle, asApplication);
  const forChanges = open(connections.changes, asApplication);
  const forSystemDrizzle = open(connections.system, asOwner);
  const forSystem = open(connections.system, asOwner);
  const forCancels = open(1, { ...asOwner, idle_timeout: 10 });
  const one =
    (settings: object) =>
    (onclose: () => void): TarsierSql =>
      open(1, { connection: { ...asApplication.connection, ...settings }, onclose });
  const forBatches = createScopedPool(connections.batches, one({}), forCancels);
  // Reads name host and time in all that they look for: one plan is right for all, and making it costs more than it.
  const forReads = createScopedPool(connections.reads, one({ plan_cache_mode: 'force_generic_plan' }), forCancels);
  const forJobs = createScopedPool(connections.jobs, one({}), forCancels);
  // A plan is made once for statements of any length, and looks up each row by its key: one from when tables were small,
  // or that takes a few hundred jobs for a large part of them, would read all jobs each time.
  const byIndex = {
    plan_cache_mode: 'force_generic_plan',
    enable_seqscan: 'off',
    enable_hashjoin: 'off',
    enable_mergejoin: 'off',
    // A plain scan of an index marks what is dead in it, and the next one passes it over.
    enable_bitmapscan: 'off',
    jit: 'off',
  };
  const workers = { connection: { ...asOwner.connection, ...byIndex } };
  const forWork = open(connections.work, workers);
  const forClaims = createPipelines(connections.claims, (onclose) => open(1, { ...workers, onclose }));
  const db = drizzle(preparing(forDrizzle));
  const changes = createChanges(drizzle(preparing(forChanges)));
  return {
    ...changes.join(forBatches),
    reads: changes.join(forReads),
    jobs: { ...changes.join(forJobs), work: forWork, claims: forClaims },
    change: changes.change,
    within(scopes, work) {
      const open = changes.within(scopes);
      if (open !== undefined) return work(open);
      return db.transaction(async (tx) => {
        await tx.execute(fragment`select set_config(${scopeSetting}, ${idsOf(scopes)}, true)`);
        return work(tx);
      });
    },
    system: { db: drizzle(preparing(forSystemDrizzle)), sql: forSystem },
    async close() {
      await Promise.all([forBatches.close(), forReads.close(), forJobs.close(), forClaims.close()]);
      const rest = [forDrizzle, forChanges, forSystemDrizzle, forSystem, forWork, forCancels];
      await Promise.all(rest.map((sql) => sql.end({ timeout: 5 })));
    },
  };
}
