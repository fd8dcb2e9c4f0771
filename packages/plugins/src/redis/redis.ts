import { z } from 'zod';
import { CheckFailure } from '../host/check-failure.ts';
import type { Host } from '../host/host.ts';
import { findLocal, type Local } from '../targets/local-server.ts';
import { definePlugin, type ScrapeOutput } from '../plugin.ts';
import { roundSeconds } from '../samples/round-seconds.ts';
import type { ConnectRequest } from '../host/sockets.ts';
import { createTargets, named, noTargets, targetName } from '../targets/targets.ts';
import { parseInfo, putCommands, putInfo } from './info.ts';
import { decodeReplies, encodeCommand, ErrorReply, type Reply } from './resp.ts';

const defaultPort = 6379;
const maxReplyBytes = 4 * 1024 * 1024;

const target = z.strictObject({
  name: targetName,
  url: z
    .url({
      protocol: /^(redis|rediss|unix)$/u,
      error: 'expected as in redis://127.0.0.1:6379 or unix:///run/redis.sock',
    })
    .describe('redis://host:port, rediss:// for TLS, or unix:///path; user and password may be in it.'),
  user: z.string().default('').describe('User of an access control list.'),
  password: z.string().default('').describe('Password.'),
  verifyTls: z.boolean().default(true).describe('Whether the certificate has to be trusted.'),
  ca: z.string().default('').describe('Certificates that are trusted besides the usual ones, PEM.'),
});

type Target = z.infer<typeof target>;

const usual: readonly Target[] = [
  'redis://127.0.0.1:6379',
  'unix:///run/redis/redis-server.sock',
  'unix:///run/redis/redis.sock',
].map((url) => ({ name: addressOf(url), url, user: '', password: '', verifyTls: true, ca: '' }));

/** Asks Redis, and what speaks like it (Valkey, KeyDB), for what it knows of itself. */
export const redis = definePlugin({
  name: 'redis',
  summary: 'Redis servers: memory, keys, commands, replication, persistence.',
  intervalMs: 10_000,
  background: true,
  config: z.object({
    targets: z.array(target).max(30).default([]).describe('Servers that are asked.'),
    discover: z
      .boolean()
      .default(true)
      .describe('Without targets: whether to ask a server of this host that needs no password.'),
    commands: z.boolean().default(false).describe('Also calls and time of each command: some dozen series.'),
    timeoutMs: z.int().min(100).max(9_000).default(3_000).describe('Most that one server may take.'),
  }),
  metrics: {
    redis_up: { kind: 'gauge', unit: '', help: 'Whether the server answered: 1 or 0.' },
    redis_ping_seconds: { kind: 'gauge', unit: 'seconds', help: 'How long a PING took.' },
    redis_info: { kind: 'gauge', unit: '', help: 'Version, role (master, replica) and mode, in labels; always 1.' },
    redis_uptime_seconds: { kind: 'gauge', unit: 'seconds', help: 'Time since the start.' },
    redis_loading: { kind: 'gauge', unit: '', help: 'Whether it still loads its data: 1 or 0.' },
    redis_clients_connected: { kind: 'gauge', unit: '', help: 'Clients that are connected.' },
    redis_clients_blocked: { kind: 'gauge', unit: '', help: 'Clients that wait in a blocking command.' },
    redis_clients_limit: { kind: 'gauge', unit: '', help: 'Clients that may be connected.' },
    redis_connections_received_total: { kind: 'counter', unit: '', help: 'Connections that were taken.' },
    redis_connections_rejected_total: { kind: 'counter', unit: '', help: 'Connections refused because of the limit.' },
    redis_commands_processed_total: { kind: 'counter', unit: '', help: 'Commands that were processed.' },
    redis_slow_commands_total: { kind: 'counter', unit: '', help: 'Commands that went into the slow log.' },
    redis_error_replies_total: { kind: 'counter', unit: '', help: 'Commands that ended with an error.' },
    redis_keyspace_hits_total: { kind: 'counter', unit: '', help: 'Lookups of keys that were there.' },
    redis_keyspace_misses_total: { kind: 'counter', unit: '', help: 'Lookups of keys that were not there.' },
    redis_keys_expired_total: { kind: 'counter', unit: '', help: 'Keys that ended by their time.' },
    redis_keys_evicted_total: { kind: 'counter', unit: '', help: 'Keys that were dropped because memory was short.' },
    redis_keys: { kind: 'gauge', unit: '', help: 'Keys, by database.' },
    redis_keys_expiring: { kind: 'gauge', unit: '', help: 'Keys that have an end, by database.' },
    redis_network_received_bytes_total: { kind: 'counter', unit: 'bytes', help: 'Bytes received from clients.' },
    redis_network_sent_bytes_total: { kind: 'counter', unit: 'bytes', help: 'Bytes sent to clients.' },
    redis_memory_used_bytes: { kind: 'gauge', unit: 'bytes', help: 'Memory that it asked for.' },
    redis_memory_resident_bytes: { kind: 'gauge', unit: 'bytes', help: 'Memory that it holds of the system.' },
    redis_memory_limit_bytes: { kind: 'gauge', unit: 'bytes', help: 'Memory that it may ask for; 0 is no limit.' },
    redis_cpu_seconds_total: { kind: 'counter', unit: 'seconds', help: 'CPU time, by mode: user, system.' },
    redis_changes_unsaved: { kind: 'gauge', unit: '', help: 'Changes since the last snapshot.' },
    redis_last_save_age_seconds: { kind: 'gauge', unit: 'seconds', help: 'Time since the last snapshot.' },
    redis_persistence_ok: { kind: 'gauge', unit: '', help: 'Whether the last writing went well: of rdb, of aof.' },
    redis_replicas_connected: { kind: 'gauge', unit: '', help: 'Replicas that are connected.' },
    redis_replica_lag_bytes: { kind: 'gauge', unit: 'bytes', help: 'How far a replica is behind.' },
    redis_replica_lag_seconds: { kind: 'gauge', unit: 'seconds', help: 'Time since a replica was last heard of.' },
    redis_master_link_up: { kind: 'gauge', unit: '', help: 'Of a replica: whether it has its master: 1 or 0.' },
    redis_master_silent_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'Of a replica: time since its master spoke.',
    },
    redis_command_calls_total: { kind: 'counter', unit: '', help: 'Calls of a command.' },
    redis_command_seconds_total: {
      kind: 'counter',
      unit: 'seconds',
      help: 'Time that a command took, summed over calls.',
    },
  },
  async probe({ config, host }) {
    if (config.targets.length > 0) return undefined;
    if (!config.discover) return noTargets(config.targets);
    const local = await lookAround(host);
    return local.kind === 'found' ? undefined : local.why;
  },
  create({ config, host, warn }) {
    let servers = named('redis', config.targets, ({ url }) => addressOf(url));
    const targets = createTargets<Target>({ timeoutMs: config.timeoutMs, up: 'redis_up', warn });
    return {
      async scrape(out, signal) {
        if (servers.length === 0 && config.discover) {
          const local = await lookAround(host);
          if (local.kind === 'none') throw new Error(local.why);
          servers = [local.target];
        }
        await targets.each(servers, { out, signal }, (server, signal) => measure(host, server, out, config, signal));
      },
    };
  },
});

/** Where it is, without user and password. */
function addressOf(url: string): string {
  const { protocol, hostname, port, pathname } = new URL(url);
  return protocol === 'unix:' ? pathname : `${hostname}:${port === '' ? defaultPort : port}`;
}

function lookAround(host: Host): Promise<Local<Target>> {
  return findLocal('Redis', usual, async (candidate, signal) => {
    await ask(host, candidate, [['PING']], signal);
  });
}

async function measure(
  host: Host,
  server: Target,
  out: ScrapeOutput,
  { commands }: { readonly commands: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { name } = server;
  const asked = [['PING'], ['INFO'], ['SLOWLOG', 'GET', '1'], ...(commands ? [['INFO', 'commandstats']] : [])];
  const { replies, pingSeconds } = await ask(host, server, asked, signal);
  const [, info, slow, stats] = replies;
  if (typeof info !== 'string') throw new CheckFailure('protocol', 'INFO: expected text');
  out.gauge('redis_ping_seconds', roundSeconds(pingSeconds), { name });
  putInfo(parseInfo(info), name, host.clock(), out);
  const [newest] = Array.isArray(slow) ? slow : [];
  // Each entry has a number, from 0 on since the start.
  if (Array.isArray(slow))
    out.counter('redis_slow_commands_total', Array.isArray(newest) ? Number(newest[0]) + 1 : 0, { name });
  if (typeof stats === 'string') putCommands(parseInfo(stats), name, out);
}

/** @throws {CheckFailure} `secret` when it wants a password, or another one; `refused` when it says no to PING or INFO */
async function ask(
  host: Host,
  server: Target,
  commands: readonly (readonly string[])[],
  signal: AbortSignal,
): Promise<{ readonly replies: readonly (Reply | undefined)[]; readonly pingSeconds: number }> {
  const { user, password, address } = accessTo(server);
  const connection = await host.connect({ ...address, signal });
  try {
    const converse = async (commands: readonly (readonly string[])[]): Promise<(Reply | ErrorReply)[]> => {
      connection.send(commands.map(encodeCommand).join(''));
      return connection.receive((bytes) => decodeReplies(bytes, commands.length), maxReplyBytes);
    };
    if (password !== '') orThrow((await converse([['AUTH', ...(user === '' ? [] : [user]), password]]))[0], 'AUTH');
    const began = host.now();
    const [first = [], ...rest] = commands;
    const replies = await converse([first]);
    const pingSeconds = (host.now() - began) / 1000;
    orThrow(replies[0], first.join(' '));
    if (rest.length > 0) replies.push(...(await converse(rest)));
    return {
      pingSeconds,
      replies: replies.map((reply, index) => {
        // Only what is asked for besides may be forbidden.
        if (reply instanceof ErrorReply && index > 1) return undefined;
        return orThrow(reply, commands[index]?.join(' ') ?? '');
      }),
    };
  } finally {
    connection.close();
  }
}

function orThrow(reply: Reply | ErrorReply, command: string): Reply {
  if (!(reply instanceof ErrorReply)) return reply;
  if (/^(?:NOAUTH|WRONGPASS)/u.test(reply.message))
    throw new CheckFailure('secret', `it asks for user and password: set redis.targets (${reply.message})`);
  throw new CheckFailure('refused', `${command.startsWith('AUTH') ? 'AUTH' : command}: ${reply.message}`);
}

function accessTo({ url, user, password, verifyTls, ca }: Target) {
  const { protocol, hostname, port, pathname, username, password: secret } = new URL(url);
  const address: Omit<ConnectRequest, 'signal'> =
    protocol === 'unix:'
      ? { path: decodeURIComponent(pathname) }
      : {
          host: hostname.replace(/^\[|\]$/gu, ''),
          port: port === '' ? defaultPort : Number(port),
          ...(protocol === 'rediss:'
            ? { tls: { servername: hostname, verify: verifyTls, ...(ca === '' ? {} : { ca }) } }
            : {}),
        };
  return { address, user: user || decodeURIComponent(username), password: password || decodeURIComponent(secret) };
}
