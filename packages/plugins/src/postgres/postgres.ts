import { describeError } from '@tarsier/protocol';
import { z } from 'zod';
import { CheckFailure } from '../host/check-failure.ts';
import type { Host } from '../host/host.ts';
import { findLocal, type Local } from '../targets/local-server.ts';
import { definePlugin, type ScrapeOutput } from '../plugin.ts';
import { createTargets, named, noTargets, targetName } from '../targets/targets.ts';
import { openClient, type Access, type Client } from './client.ts';
import { sections, type Row } from './sections.ts';

const defaultPort = 5432;
const defaultDatabase = 'postgres';

const target = z.strictObject({
  name: targetName,
  url: z
    .url({ protocol: /^postgres(ql)?$/u, error: 'expected as in postgres://tarsier@db.example:5432/postgres' })
    .describe(
      'postgres://user@host:port/database; a unix socket is written as in postgres://user@%2Frun%2Fpostgresql.',
    ),
  password: z.string().default('').describe('Password, unless it is in the URL.'),
  tls: z
    .enum(['disable', 'prefer', 'require', 'verify'])
    .default('prefer')
    .describe('Whether TLS is spoken, and whether the certificate has to be trusted.'),
  ca: z.string().default('').describe('Certificates that are trusted instead of the usual ones, PEM.'),
});

type Target = Omit<z.infer<typeof target>, 'url' | 'password'> & { readonly access: Access };

/** Asks PostgreSQL for its statistics. */
export const postgres = definePlugin({
  name: 'postgres',
  summary: 'PostgreSQL servers: connections, transactions, cache, locks, checkpoints, replication, wraparound.',
  intervalMs: 10_000,
  background: true,
  config: z.object({
    targets: z.array(target).max(12).default([]).describe('Servers that are asked.'),
    discover: z
      .boolean()
      .default(true)
      .describe(
        "Without targets: whether to try the unix socket of this host's server, as the user that the agent is.",
      ),
    slowSeconds: z.number().min(0.1).max(86_400).default(5).describe('Queries that run longer are slow.'),
    maxDatabases: z.int().min(1).max(60).default(20).describe('Databases that are told of, the oldest ones.'),
    timeoutMs: z.int().min(100).max(9_000).default(5_000).describe('Most that one server may take.'),
  }),
  metrics: {
    postgres_up: { kind: 'gauge', unit: '', help: 'Whether the server answered: 1 or 0.' },
    postgres_info: { kind: 'gauge', unit: '', help: 'Version and role (primary, replica), in labels; always 1.' },
    postgres_uptime_seconds: { kind: 'gauge', unit: 'seconds', help: 'Time since the start.' },
    postgres_connections: {
      kind: 'gauge',
      unit: '',
      help: 'Connections of clients by state; hidden are those whose state the role may not see.',
    },
    postgres_connections_limit: { kind: 'gauge', unit: '', help: 'Connections that there may be.' },
    postgres_connections_waiting: { kind: 'gauge', unit: '', help: 'Connections that wait for a lock.' },
    postgres_slow_queries: { kind: 'gauge', unit: '', help: 'Queries that run for longer than slowSeconds now.' },
    postgres_longest_query_seconds: { kind: 'gauge', unit: 'seconds', help: 'Age of the oldest query that runs.' },
    postgres_longest_transaction_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'Age of the oldest open transaction: it keeps vacuum from cleaning up.',
    },
    postgres_database_size_bytes: { kind: 'gauge', unit: 'bytes', help: 'Size on disk, by database; each minute.' },
    postgres_transactions_total: { kind: 'counter', unit: '', help: 'Transactions by database and outcome.' },
    postgres_blocks_total: {
      kind: 'counter',
      unit: '',
      help: 'Blocks that were asked for: found in the cache, or read from the disk.',
    },
    postgres_rows_total: { kind: 'counter', unit: '', help: 'Rows by database and operation.' },
    postgres_temporary_bytes_total: {
      kind: 'counter',
      unit: 'bytes',
      help: 'Written to temporary files, as by sorts that are larger than work_mem.',
    },
    postgres_deadlocks_total: { kind: 'counter', unit: '', help: 'Deadlocks.' },
    postgres_conflicts_total: { kind: 'counter', unit: '', help: 'Of a replica: queries that were ended by replay.' },
    postgres_locks: {
      kind: 'gauge',
      unit: '',
      help: 'Locks that are held on tables, rows and by applications, by mode.',
    },
    postgres_checkpoints_total: { kind: 'counter', unit: '', help: 'Checkpoints, timed or requested.' },
    postgres_checkpoint_seconds_total: { kind: 'counter', unit: 'seconds', help: 'Time of checkpoints: write, sync.' },
    postgres_buffers_written_total: {
      kind: 'counter',
      unit: '',
      help: 'Buffers written by checkpoint, background writer or (before version 17) backends.',
    },
    postgres_wal_bytes_total: { kind: 'counter', unit: 'bytes', help: 'Write-ahead log written or received.' },
    postgres_wal_archived_total: { kind: 'counter', unit: '', help: 'Segments that were archived.' },
    postgres_wal_archive_failures_total: { kind: 'counter', unit: '', help: 'Segments that could not be archived.' },
    postgres_replica_lag_bytes: { kind: 'gauge', unit: 'bytes', help: 'Write-ahead log that a replica has to replay.' },
    postgres_replica_lag_seconds: { kind: 'gauge', unit: 'seconds', help: 'How late a replica replays.' },
    postgres_replay_lag_seconds: { kind: 'gauge', unit: 'seconds', help: 'Of a replica: how late it replays.' },
    postgres_primary_link_up: { kind: 'gauge', unit: '', help: 'Of a replica: whether it receives: 1 or 0.' },
    postgres_slot_active: { kind: 'gauge', unit: '', help: 'Whether a replication slot is used: 1 or 0.' },
    postgres_slot_retained_bytes: { kind: 'gauge', unit: 'bytes', help: 'Write-ahead log kept for a slot.' },
    postgres_autovacuum_workers: { kind: 'gauge', unit: '', help: 'Autovacuum workers that are at work.' },
    postgres_autovacuum_workers_limit: { kind: 'gauge', unit: '', help: 'Autovacuum workers that there may be.' },
    postgres_transaction_age: { kind: 'gauge', unit: '', help: 'Transactions since the oldest row was frozen.' },
    postgres_wraparound_ratio: {
      kind: 'gauge',
      unit: 'ratio',
      help: 'Share of the transactions used up until the server takes no more writes; autovacuum acts at 0.1.',
    },
  },
  async probe({ config, host }) {
    if (config.targets.length > 0) return undefined;
    if (!config.discover) return noTargets(config.targets);
    const local = await lookAround(host);
    return local.kind === 'found' ? undefined : local.why;
  },
  create({ config, host, warn }) {
    let servers: readonly Target[] = named('postgres', config.targets.map(targetOf), ({ access }) => addressOf(access));
    const targets = createTargets<Target>({ timeoutMs: config.timeoutMs, up: 'postgres_up', warn });
    const sessions = new Map<string, Session>();
    return {
      async scrape(out, signal) {
        if (servers.length === 0 && config.discover) {
          const local = await lookAround(host);
          if (local.kind === 'none') throw new Error(local.why);
          servers = [local.target];
        }
        await targets.each(servers, { out, signal }, async (server, signal) => {
          const session = sessions.get(server.name) ?? createSession(host, server, config, warn);
          sessions.set(server.name, session);
          await session.measure(out, signal);
        });
      },
      async close() {
        await Promise.all([...sessions.values()].map((session) => session.close()));
      },
    };
  },
});

interface Session {
  measure(out: ScrapeOutput, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

function createSession(
  host: Host,
  { name, access }: Target,
  settings: { readonly maxDatabases: number; readonly slowSeconds: number; readonly timeoutMs: number },
  warn: (message: string) => void,
): Session {
  let client: Client | undefined;
  const answers = new Map<string, { readonly rows: readonly Row[]; readonly at: number }>();
  const failed = new Set<string>();

  async function close(): Promise<void> {
    const closing = client;
    client = undefined;
    await closing?.close();
  }

  async function answerTo(section: string, everyMs: number, sql: string, signal: AbortSignal): Promise<readonly Row[]> {
    const known = answers.get(section);
    if (known !== undefined && host.now() - known.at < everyMs) return known.rows;
    const rows = (await client?.query(sql, signal)) ?? [];
    answers.set(section, { rows, at: host.now() });
    return rows;
  }

  return {
    async measure(out, signal) {
      try {
        client ??= await openClient(access, settings.timeoutMs);
        const [about] = await client.query(
          `select current_setting('server_version_num')::int as version, pg_is_in_recovery() as recovery`,
          signal,
        );
        const facts = { ...settings, version: Number(about?.['version']), inRecovery: about?.['recovery'] === true };
        for (const section of sections) {
          const sql = section.sql(facts);
          if (sql === undefined) continue;
          try {
            section.put(await answerTo(section.name, section.everyMs, sql, signal), name, out);
          } catch (error) {
            signal.throwIfAborted();
            if (error instanceof CheckFailure) throw error;
            // A managed server may keep one thing to itself: the others are told all the same.
            if (!failed.has(section.name)) warn(`${name}: ${section.name} can not be told: ${describeError(error)}`);
            failed.add(section.name);
          }
        }
      } catch (error) {
        // A new one is made next time: nobody knows what state this one is in.
        await close();
        throw error;
      }
    },
    close,
  };
}

function targetOf({ url, password, ...rest }: z.infer<typeof target>): Target {
  const { hostname, port, pathname, username, password: secret } = new URL(url);
  return {
    ...rest,
    access: {
      host: decodeURIComponent(hostname).replace(/^\[|\]$/gu, '') || 'localhost',
      port: port === '' ? defaultPort : Number(port),
      user: decodeURIComponent(username) || 'postgres',
      password: password || decodeURIComponent(secret),
      database: decodeURIComponent(pathname.slice(1)) || defaultDatabase,
      tls: rest.tls,
      ca: rest.ca,
    },
  };
}

/** Where it is, without user, password and database. */
function addressOf({ host, port }: Access): string {
  return host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : `${host}:${port}`;
}

/** Folders of the socket: Debian's and Red Hat's, and that of PostgreSQL itself. */
const socketFolders = ['/run/postgresql', '/tmp'];

async function lookAround(host: Host): Promise<Local<Target>> {
  const usual: Target[] = socketFolders.map((folder) => {
    const access: Access = {
      host: folder,
      port: defaultPort,
      user: host.userName(),
      password: '',
      database: defaultDatabase,
      tls: 'disable',
      ca: '',
    };
    return { name: addressOf(access), access, tls: 'disable', ca: '' };
  });
  return findLocal('PostgreSQL', usual, async ({ name, access }, signal) => {
    if ((await host.files.stat(name)) === undefined) throw new CheckFailure('connect', 'there is no such socket');
    const client = await openClient(access, 1_000);
    try {
      await client.query('select 1', signal);
    } finally {
      await client.close();
    }
  });
}
