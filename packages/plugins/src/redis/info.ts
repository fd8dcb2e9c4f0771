/** What INFO tells, as samples: pure. */
import type { ScrapeOutput } from '../plugin.ts';

/** Fields by name. */
export function parseInfo(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/u)) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

/** `keys=3,expires=1`, of a database, a command or a replica. */
function parts(text: string): Map<string, string> {
  return new Map(
    text.split(',').map((part) => {
      const equals = part.indexOf('=');
      return [part.slice(0, equals), part.slice(equals + 1)];
    }),
  );
}

const gauges: readonly (readonly [field: string, metric: string])[] = [
  ['uptime_in_seconds', 'redis_uptime_seconds'],
  ['connected_clients', 'redis_clients_connected'],
  ['blocked_clients', 'redis_clients_blocked'],
  ['maxclients', 'redis_clients_limit'],
  ['used_memory', 'redis_memory_used_bytes'],
  ['used_memory_rss', 'redis_memory_resident_bytes'],
  ['maxmemory', 'redis_memory_limit_bytes'],
  ['rdb_changes_since_last_save', 'redis_changes_unsaved'],
  ['connected_slaves', 'redis_replicas_connected'],
  ['loading', 'redis_loading'],
];

const counters: readonly (readonly [field: string, metric: string])[] = [
  ['total_connections_received', 'redis_connections_received_total'],
  ['rejected_connections', 'redis_connections_rejected_total'],
  ['total_commands_processed', 'redis_commands_processed_total'],
  ['total_error_replies', 'redis_error_replies_total'],
  ['keyspace_hits', 'redis_keyspace_hits_total'],
  ['keyspace_misses', 'redis_keyspace_misses_total'],
  ['expired_keys', 'redis_keys_expired_total'],
  ['evicted_keys', 'redis_keys_evicted_total'],
  ['total_net_input_bytes', 'redis_network_received_bytes_total'],
  ['total_net_output_bytes', 'redis_network_sent_bytes_total'],
];

/** @param clock  Unix ms */
export function putInfo(fields: ReadonlyMap<string, string>, name: string, clock: number, out: ScrapeOutput): void {
  const number = (field: string): number => Number.parseFloat(fields.get(field) ?? '');
  for (const [field, metric] of gauges) out.gauge(metric, number(field), { name });
  for (const [field, metric] of counters) out.counter(metric, number(field), { name });
  for (const mode of ['user', 'sys'])
    out.counter('redis_cpu_seconds_total', number(`used_cpu_${mode}`), {
      name,
      mode: mode === 'sys' ? 'system' : mode,
    });
  out.gauge('redis_last_save_age_seconds', Math.max(0, Math.round(clock / 1000 - number('rdb_last_save_time'))), {
    name,
  });
  for (const [kind, field] of [
    ['rdb', 'rdb_last_bgsave_status'],
    ['aof', 'aof_last_write_status'],
  ] as const) {
    const status = fields.get(field);
    if (status !== undefined && (kind === 'rdb' || fields.get('aof_enabled') === '1'))
      out.gauge('redis_persistence_ok', status === 'ok' ? 1 : 0, { name, kind });
  }
  out.gauge('redis_info', 1, {
    name,
    // A fork of Redis tells for which of its versions it stands, too.
    version: fields.get('valkey_version') ?? fields.get('redis_version') ?? '',
    role: fields.get('role') === 'slave' ? 'replica' : (fields.get('role') ?? ''),
    mode: fields.get('redis_mode') ?? '',
  });
  putReplication(fields, name, out);
  for (const [field, text] of fields) {
    if (!/^db\d+$/u.test(field)) continue;
    const of = parts(text);
    out.gauge('redis_keys', Number(of.get('keys')), { name, db: field.slice(2) });
    out.gauge('redis_keys_expiring', Number(of.get('expires')), { name, db: field.slice(2) });
  }
}

function putReplication(fields: ReadonlyMap<string, string>, name: string, out: ScrapeOutput): void {
  const offset = Number(fields.get('master_repl_offset'));
  if (fields.get('role') === 'slave') {
    out.gauge('redis_master_link_up', fields.get('master_link_status') === 'up' ? 1 : 0, { name });
    const silent = Number(fields.get('master_last_io_seconds_ago'));
    // -1 while there is no link.
    if (silent >= 0) out.gauge('redis_master_silent_seconds', silent, { name });
    return;
  }
  for (const [field, text] of fields) {
    if (!/^slave\d+$/u.test(field)) continue;
    const of = parts(text);
    const replica = `${of.get('ip')}:${of.get('port')}`;
    // One that is only just being copied to has no offset yet.
    const behind = Math.max(0, offset - Number(of.get('offset')));
    out.gauge('redis_replica_lag_bytes', behind, { name, replica });
    out.gauge('redis_replica_lag_seconds', Number(of.get('lag')), { name, replica });
  }
}

/** What INFO commandstats tells. */
export function putCommands(fields: ReadonlyMap<string, string>, name: string, out: ScrapeOutput): void {
  for (const [field, text] of fields) {
    if (!field.startsWith('cmdstat_')) continue;
    const of = parts(text);
    const labels = { name, command: field.slice('cmdstat_'.length) };
    out.counter('redis_command_calls_total', Number(of.get('calls')), labels);
    out.counter('redis_command_seconds_total', Number(of.get('usec')) / 1e6, labels);
  }
}
