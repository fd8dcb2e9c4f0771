import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { TarsierError } from '@tarsier/protocol';
import type { Log } from '../../log.ts';
import { accountForPostgres } from './account.ts';
import { findBinaries } from './binaries.ts';
import { openCluster, placeCluster } from './cluster.ts';
import { takeLock } from './lock.ts';
import { connectionOf, startServer, tryConnecting } from './server.ts';

export interface EmbeddedOptions {
  readonly dataFolder: string;
  /** Where copies go that PostgreSQL's account must be able to read. */
  readonly runtimeFolder?: string;
  /** `own`: start a server, and fail when another process runs one on this folder. `share`: use that one. */
  readonly use: 'own' | 'share';
  readonly log: Log;
}

export interface EmbeddedPostgres {
  readonly connection: ReturnType<typeof connectionOf>;
  /** Stops the server if it was started here. */
  close(): Promise<void>;
}

const defaultRuntimeFolder = '/var/lib/tarsier';
const shareTimeoutMs = 30_000;

/**
 * A real PostgreSQL of one's own in `dataFolder`: initialised on first use, on a unix socket, ended with this process
 * in whatever way that ends.
 *
 * @throws {TarsierError} `config/data-folder`; `storage/locked` when another collector uses the folder; `storage/no-postgres`,
 *   `storage/no-account`, `storage/initdb`, `storage/postgres-start`
 */
export async function openEmbedded({
  dataFolder,
  runtimeFolder = defaultRuntimeFolder,
  use,
  log,
}: EmbeddedOptions): Promise<EmbeddedPostgres> {
  if (process.platform === 'win32') {
    throw new TarsierError(
      'storage/no-postgres',
      'the embedded PostgreSQL does not run on Windows yet; set DATABASE_URL',
    );
  }
  const account = accountForPostgres();
  const folder = await placeCluster(dataFolder, account, runtimeFolder, log);
  const binaries = await findBinaries(account, runtimeFolder);
  const lock = await lockFolder(dataFolder, use);
  if ('heldBy' in lock) {
    if (use === 'own') {
      throw new TarsierError(
        'storage/locked',
        `${dataFolder} is in use by the collector with process id ${lock.heldBy}; stop it, or choose another folder with TARSIER_DATA`,
      );
    }
    const cluster = await openCluster(binaries.initdb, folder, account);
    const began = Date.now();
    for (let failure: unknown; (failure = await tryConnecting(cluster, 'postgres')) !== undefined; await sleep(100)) {
      if (Date.now() - began > shareTimeoutMs) {
        throw new TarsierError('storage/unreachable', `the database in ${dataFolder} does not answer`, {
          cause: failure,
        });
      }
    }
    return { connection: connectionOf(cluster), close: async () => {} };
  }
  try {
    const cluster = await openCluster(binaries.initdb, folder, account);
    await formerServerGone(join(cluster.data, 'postmaster.pid'));
    const server = await startServer(binaries.postgres, cluster, account);
    return {
      connection: connectionOf(cluster),
      async close() {
        await server.stop();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A process that was just killed, or is just ending, holds its lock for another moment. */
const lockTimeoutMs = 2_000;

async function lockFolder(dataFolder: string, use: EmbeddedOptions['use']): Promise<ReturnType<typeof takeLock>> {
  const file = join(dataFolder, 'collector.lock');
  const began = Date.now();
  for (;;) {
    const lock = takeLock(file);
    if ('release' in lock || use === 'share' || Date.now() - began > lockTimeoutMs) return lock;
    await sleep(50);
  }
}

const formerServerTimeoutMs = 15_000;

/** After a collector was killed its server is still shutting down, for a moment; a pid file of a dead one is PostgreSQL's to clear. */
async function formerServerGone(pidFile: string): Promise<void> {
  const began = Date.now();
  while (Date.now() - began < formerServerTimeoutMs) {
    const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0]);
    if (!(pid > 0)) return;
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(25);
  }
}
