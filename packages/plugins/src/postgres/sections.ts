/** What PostgreSQL is asked, by version, and what the answers are as samples: pure. Versions 12 to 18. */
import type { ScrapeOutput } from '../plugin.ts';
import { roundRatio } from '../samples/ratio.ts';
import { roundSeconds } from '../samples/round-seconds.ts';

/** What has to be known of a server before it can be asked. */
export interface ServerFacts {
  /** As in 170002. */
  readonly version: number;
  readonly inRecovery: boolean;
  readonly maxDatabases: number;
  readonly slowSeconds: number;
}

/** Numbers are cast to float8 in SQL: the driver would hand out int8 as text. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;

export interface Section {
  readonly name: string;
  /** Least time between two askings, ms: for what is dear to tell; meanwhile the answer of before stands. */
  readonly everyMs: number;
  /** undefined when this server has nothing of it. */
  sql(facts: ServerFacts): string | undefined;
  put(rows: readonly Row[], name: string, out: ScrapeOutput): void;
}

const always = 0;
/** Transactions after which PostgreSQL takes no more writes: 2^31 less its reserve of three million. */
const wraparoundAt = 2 ** 31 - 3_000_000;

const server: Section = {
  name: 'server',
  everyMs: always,
  sql: () => `
    select current_setting('server_version') as version, pg_is_in_recovery() as replica,
      extract(epoch from now() - pg_postmaster_start_time())::float8 as uptime,
      current_setting('max_connections')::float8 as connections_limit,
      current_setting('autovacuum_max_workers')::float8 as workers_limit,
      (select max(age(datfrozenxid))::float8 from pg_database) as age`,
  put([row], name, out) {
    if (row === undefined) return;
    const version = String(row['version']).split(' ')[0] ?? '';
    out.gauge('postgres_info', 1, { name, version, role: row['replica'] === true ? 'replica' : 'primary' });
    out.gauge('postgres_uptime_seconds', Math.round(numberOf(row['uptime'])), { name });
    out.gauge('postgres_connections_limit', numberOf(row['connections_limit']), { name });
    out.gauge('postgres_autovacuum_workers_limit', numberOf(row['workers_limit']), { name });
    out.gauge('postgres_wraparound_ratio', roundRatio(numberOf(row['age']) / wraparoundAt), { name });
  },
};

const databaseCounters = {
  xact_commit: ['postgres_transactions_total', { outcome: 'commit' }],
  xact_rollback: ['postgres_transactions_total', { outcome: 'rollback' }],
  blks_hit: ['postgres_blocks_total', { source: 'cache' }],
  blks_read: ['postgres_blocks_total', { source: 'disk' }],
  tup_returned: ['postgres_rows_total', { operation: 'returned' }],
  tup_fetched: ['postgres_rows_total', { operation: 'fetched' }],
  tup_inserted: ['postgres_rows_total', { operation: 'inserted' }],
  tup_updated: ['postgres_rows_total', { operation: 'updated' }],
  tup_deleted: ['postgres_rows_total', { operation: 'deleted' }],
  temp_bytes: ['postgres_temporary_bytes_total', {}],
  deadlocks: ['postgres_deadlocks_total', {}],
} as const;

const databases: Section = {
  name: 'databases',
  everyMs: always,
  sql: ({ maxDatabases }) => `
    select d.datname as database, age(d.datfrozenxid)::float8 as age, ${Object.keys(databaseCounters)
      .map((column) => `s.${column}::float8`)
      .join(', ')}
    from pg_database d join pg_stat_database s on s.datid = d.oid
    where d.datallowconn and not d.datistemplate order by d.oid limit ${maxDatabases}`,
  put(rows, name, out) {
    for (const row of rows) {
      const database = String(row['database']);
      for (const [column, [metric, labels]] of Object.entries(databaseCounters))
        out.counter(metric, numberOf(row[column]), { name, database, ...labels });
      out.gauge('postgres_transaction_age', numberOf(row['age']), { name, database });
    }
  },
};

const sizes: Section = {
  name: 'sizes',
  // The server looks at each file of each database for it.
  everyMs: 60_000,
  sql: ({ maxDatabases }) => `
    select datname as database,
      case when has_database_privilege(oid, 'connect') then pg_database_size(oid)::float8 end as bytes
    from pg_database where datallowconn and not datistemplate order by oid limit ${maxDatabases}`,
  put(rows, name, out) {
    for (const { database, bytes } of rows)
      out.gauge('postgres_database_size_bytes', numberOf(bytes), { name, database: String(database) });
  },
};

const states = ['active', 'idle', 'idle in transaction', 'idle in transaction (aborted)'];

const activity: Section = {
  name: 'activity',
  everyMs: always,
  sql: ({ slowSeconds }) => `
    select count(*) filter (where backend_type = 'autovacuum worker')::float8 as workers,
      ${states.map((state, index) => `count(*) filter (where ${clients} and state = '${state}')::float8 as state_${index}`).join(', ')},
      count(*) filter (where backend_type is null and datid is not null)::float8 as hidden,
      count(*) filter (where ${clients} and wait_event_type = 'Lock')::float8 as waiting,
      count(*) filter (where ${clients} and state = 'active' and now() - query_start > interval '${slowSeconds} s')::float8 as slow,
      max(extract(epoch from now() - query_start)) filter (where ${clients} and state = 'active')::float8 as query,
      max(extract(epoch from now() - xact_start)) filter (where ${clients})::float8 as transaction
    from pg_stat_activity where pid <> pg_backend_pid()`,
  put([row], name, out) {
    if (row === undefined) return;
    // What others do is hidden from a role that is no member of pg_monitor: what it sees is but its own.
    if (row['hidden'] !== 0) {
      out.gauge('postgres_connections', numberOf(row['hidden']), { name, state: 'hidden' });
      return;
    }
    for (const [index, state] of states.entries()) {
      const count = numberOf(row[`state_${index}`]);
      out.gauge('postgres_connections', count, { name, state: state.replaceAll(/[ ()]+/gu, '_').replace(/_$/u, '') });
    }
    out.gauge('postgres_connections_waiting', numberOf(row['waiting']), { name });
    out.gauge('postgres_slow_queries', numberOf(row['slow']), { name });
    out.gauge('postgres_longest_query_seconds', roundSeconds(Math.max(0, Number(row['query']))), { name });
    out.gauge('postgres_longest_transaction_seconds', roundSeconds(Math.max(0, Number(row['transaction']))), { name });
    out.gauge('postgres_autovacuum_workers', numberOf(row['workers']), { name });
  },
};

const clients = `backend_type = 'client backend'`;

const locks: Section = {
  name: 'locks',
  everyMs: always,
  sql: () => `
    select m.mode, count(l.mode)::float8 as count
    from unnest(array['AccessShareLock', 'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock',
      'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock']) m (mode)
    left join pg_locks l on l.mode = m.mode and l.granted and l.locktype in ('relation', 'tuple', 'advisory')
      and l.pid is distinct from pg_backend_pid()
    group by m.mode`,
  put(rows, name, out) {
    for (const { mode, count } of rows) {
      const words = String(mode)
        .replace(/Lock$/u, '')
        .split(/(?=[A-Z])/u);
      out.gauge('postgres_locks', numberOf(count), { name, mode: words.join('_').toLowerCase() });
    }
  },
};

const checkpoints: Section = {
  name: 'checkpoints',
  everyMs: always,
  sql: ({ version }) =>
    version >= 170_000
      ? `select c.num_timed::float8 as timed, c.num_requested::float8 as requested, c.write_time::float8 as write_ms,
          c.sync_time::float8 as sync_ms, c.buffers_written::float8 as by_checkpoint,
          b.buffers_clean::float8 as by_background, null::float8 as by_backend
        from pg_stat_checkpointer c, pg_stat_bgwriter b`
      : `select checkpoints_timed::float8 as timed, checkpoints_req::float8 as requested,
          checkpoint_write_time::float8 as write_ms, checkpoint_sync_time::float8 as sync_ms,
          buffers_checkpoint::float8 as by_checkpoint, buffers_clean::float8 as by_background,
          buffers_backend::float8 as by_backend
        from pg_stat_bgwriter`,
  put([row], name, out) {
    if (row === undefined) return;
    for (const cause of ['timed', 'requested'])
      out.counter('postgres_checkpoints_total', numberOf(row[cause]), { name, cause });
    for (const phase of ['write', 'sync'])
      out.counter('postgres_checkpoint_seconds_total', numberOf(row[`${phase}_ms`]) / 1000, { name, phase });
    for (const by of ['checkpoint', 'background', 'backend'])
      out.counter('postgres_buffers_written_total', numberOf(row[`by_${by}`]), { name, by });
  },
};

const wal: Section = {
  name: 'wal',
  everyMs: always,
  sql: ({ inRecovery }) => `
    select pg_wal_lsn_diff(${writtenLsn(inRecovery)}, '0/0')::float8 as bytes,
      case when current_setting('archive_mode') <> 'off' then a.archived_count::float8 end as archived,
      case when current_setting('archive_mode') <> 'off' then a.failed_count::float8 end as failed
    from pg_stat_archiver a`,
  put([row], name, out) {
    if (row === undefined) return;
    out.counter('postgres_wal_bytes_total', numberOf(row['bytes']), { name });
    out.counter('postgres_wal_archived_total', numberOf(row['archived']), { name });
    out.counter('postgres_wal_archive_failures_total', numberOf(row['failed']), { name });
  },
};

const replicas: Section = {
  name: 'replicas',
  everyMs: always,
  sql: ({ inRecovery }) => `
    select coalesce(nullif(application_name, ''), 'unnamed') || coalesce('@' || host(client_addr), '') as replica,
      max(pg_wal_lsn_diff(${writtenLsn(inRecovery)}, replay_lsn))::float8 as bytes,
      max(coalesce(extract(epoch from replay_lag), 0))::float8 as seconds
    from pg_stat_replication where state <> 'backup' group by 1 order by 1 limit 20`,
  put(rows, name, out) {
    for (const { replica, bytes, seconds } of rows) {
      const labels = { name, replica: String(replica) };
      if (bytes !== null) out.gauge('postgres_replica_lag_bytes', Math.max(0, numberOf(bytes)), labels);
      out.gauge('postgres_replica_lag_seconds', roundSeconds(numberOf(seconds)), labels);
    }
  },
};

const slots: Section = {
  name: 'slots',
  everyMs: always,
  sql: ({ inRecovery }) => `
    select slot_name as slot, active, pg_wal_lsn_diff(${writtenLsn(inRecovery)}, restart_lsn)::float8 as bytes
    from pg_replication_slots where not temporary order by 1 limit 20`,
  put(rows, name, out) {
    for (const { slot, active, bytes } of rows) {
      const labels = { name, slot: String(slot) };
      out.gauge('postgres_slot_active', active === true ? 1 : 0, labels);
      if (bytes !== null) out.gauge('postgres_slot_retained_bytes', Math.max(0, numberOf(bytes)), labels);
    }
  },
};

const replay: Section = {
  name: 'replay',
  everyMs: always,
  // Where all that came was replayed, the time since is that of a quiet primary, not of a late replica.
  sql: ({ inRecovery }) =>
    inRecovery
      ? `select case when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0
          else coalesce(extract(epoch from now() - pg_last_xact_replay_timestamp()), 0) end::float8 as seconds,
          (select count(*) from pg_stat_wal_receiver)::float8 as receivers,
          (select sum(conflicts) from pg_stat_database)::float8 as conflicts`
      : undefined,
  put([row], name, out) {
    if (row === undefined) return;
    out.gauge('postgres_replay_lag_seconds', roundSeconds(Math.max(0, numberOf(row['seconds']))), { name });
    out.counter('postgres_conflicts_total', numberOf(row['conflicts']), { name });
    out.gauge('postgres_primary_link_up', numberOf(row['receivers']) > 0 ? 1 : 0, { name });
  },
};

export const sections: readonly Section[] = [
  server,
  databases,
  sizes,
  activity,
  locks,
  checkpoints,
  wal,
  replicas,
  slots,
  replay,
];

/** Up to where there is write-ahead log. */
function writtenLsn(inRecovery: boolean): string {
  return inRecovery ? 'coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())' : 'pg_current_wal_lsn()';
}

/** What the server does not tell is no number, so that there is no sample of it. */
function numberOf(value: Row[string] | undefined): number {
  return typeof value === 'number' ? value : Number.NaN;
}
