import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { abandonable, type AbandonableSql } from './abandonable.ts';
import type { EmbeddedPostgres } from './embedded/embedded.ts';

/** Reads int8 as a number. */
export type TarsierSql = postgres.Sql<{ int8: number }>;
export type TarsierTransaction = postgres.TransactionSql<{ int8: number }>;

/** Connections for what is small and often (drizzle), those that carry batches, and those that read samples. */
export interface Database {
  readonly db: ReturnType<typeof drizzle>;
  /** Raw statements on the hot paths: drizzle's builder costs Node twice the CPU there. */
  readonly sql: TarsierSql;
  /** Apart, so that a long query never holds up a commit. */
  readonly reads: AbandonableSql;
  close(): Promise<void>;
}

/** A statement that finds no connection for this long fails, and its caller may answer "try again". */
const connectTimeoutS = 10;
const connections = { drizzle: 4, batches: 4, reads: 4 } as const;

/** How to reach the database: a URL, or the embedded server's socket. */
export type Connection = { readonly url: string } | (EmbeddedPostgres['connection'] & { readonly database: string });

export function connect(connection: Connection): Database {
  const options = {
    connect_timeout: connectTimeoutS,
    onnotice() {},
    connection: { application_name: 'tarsier-collector' },
    // Unix ms fit a double; bigints would have to be converted back one by one.
    types: { int8: { to: 20, from: [20], parse: Number, serialize: String } },
  };
  // `object`, because the driver's types leave some options out.
  const open = (max: number, more: object = {}): TarsierSql =>
    'url' in connection
      ? postgres(connection.url, { ...options, ...more, max })
      : postgres({ ...options, ...more, ...connection, max });
  // Two clients, because drizzle changes how its client reads dates and JSON.
  const forDrizzle = open(connections.drizzle);
  const forBatches = open(connections.batches);
  const forReads = open(connections.reads, { max_pipeline: 0 });
  const forCancels = open(1, { idle_timeout: 10 });
  return {
    db: drizzle(forDrizzle),
    sql: forBatches,
    reads: abandonable(forReads, forCancels),
    async close() {
      await Promise.all([forDrizzle, forBatches, forReads, forCancels].map((sql) => sql.end({ timeout: 5 })));
    },
  };
}
