import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TarsierError } from '@tarsier/protocol';
import postgres from 'postgres';
import type { Account } from './account.ts';
import type { Cluster } from './cluster.ts';

export interface RunningServer {
  /** Fast shutdown: open transactions roll back, what was committed is on disk. */
  stop(): Promise<void>;
}

const settings = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  // A collector opens up to 28, and so does each worker beside it.
  max_connections: '100',
  shared_buffers: '64MB',
  max_wal_size: '1GB',
  checkpoint_timeout: '15min',
  // No replicas read this log, so it may hold less.
  wal_level: 'minimal',
  max_wal_senders: '0',
  jit: 'off',
  log_min_messages: 'warning',
} as const;

// Runs PostgreSQL and waits for it; when standard input closes, because the collector closed it or died in whatever
// way, PostgreSQL gets SIGINT: a fast shutdown. `read` is built in, so that nothing but this shell has to be ended.
const supervisor = `
exec 3<&0
"$@" </dev/null 3<&- &
postgres=$!
( read -r _ <&3; kill -INT "$postgres" 2>/dev/null ) &
watcher=$!
exec 3<&-
wait "$postgres"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
`;

const startTimeoutMs = 5 * 60_000;
const largestLog = 4 * 1024 * 1024;

/**
 * Starts PostgreSQL on an initialised cluster and resolves when it accepts connections, crash recovery included.
 *
 * @throws {TarsierError} `storage/postgres-start` with the end of its log
 */
export async function startServer(
  program: string,
  cluster: Cluster,
  account: Account | undefined,
): Promise<RunningServer> {
  const child = launch(program, cluster, account);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      child.stdin?.destroy();
      resolve();
    });
    child.once('error', () => resolve());
  });
  const stop = async (): Promise<void> => {
    child.ref();
    child.stdin?.destroy();
    await exited;
  };
  try {
    await accepting(cluster, child);
  } catch (error) {
    await stop();
    throw error;
  }
  // From now on the socket is what tells whether it lives; the child must not keep Node running.
  child.unref();
  return { stop };
}

function launch(program: string, cluster: Cluster, account: Account | undefined): ChildProcess {
  const log = openSync(cluster.log, sizeOf(cluster.log) > largestLog ? 'w' : 'a', 0o600);
  try {
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return spawn(
      '/bin/sh',
      [
        '-c',
        supervisor,
        'sh',
        program,
        '-D',
        cluster.data,
        '-k',
        cluster.socketFolder,
        '-p',
        String(cluster.port),
        ...options,
      ],
      {
        ...account,
        // Its own process group: Ctrl-C reaches the collector alone, which then stops PostgreSQL last.
        detached: true,
        cwd: '/',
        env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
        stdio: ['pipe', log, log],
      },
    );
  } finally {
    closeSync(log);
  }
}

async function accepting(cluster: Cluster, child: ChildProcess): Promise<void> {
  const began = Date.now();
  for (;;) {
    const failure = await tryConnecting(cluster, 'postgres');
    if (failure === undefined) return;
    if (child.exitCode !== null || child.signalCode !== null || Date.now() - began > startTimeoutMs) {
      const tail = readFileSync(cluster.log, 'utf8').slice(-1_000).trim();
      throw new TarsierError(
        'storage/postgres-start',
        `the embedded PostgreSQL did not start; its log ends:\n${tail}`,
        {
          cause: failure,
        },
      );
    }
    await sleep(25);
  }
}

/** @returns why it failed, or undefined when the server answers */
export async function tryConnecting(cluster: Cluster, database: string): Promise<unknown> {
  const sql = postgres({ ...connectionOf(cluster), database, max: 1, connect_timeout: 5, onnotice() {} });
  try {
    await sql`select 1`;
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

export function connectionOf(cluster: Cluster) {
  return { host: cluster.socketFolder, port: cluster.port, user: cluster.user, password: cluster.password } as const;
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
