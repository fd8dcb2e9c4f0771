import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  access,
  chown,
  constants,
  lstat,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { TarsierError } from '@tarsier/protocol';
import type { Log } from '../../log.ts';
import { canEnter, type Account } from './account.ts';
import { makeFolder } from './make-folder.ts';

/** An initialised PostgreSQL data folder, and how to reach its server. */
export interface Cluster {
  readonly data: string;
  readonly log: string;
  readonly socketFolder: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

const user = 'tarsier';
/** Only part of the socket's file name: nothing listens on the network. */
const port = 5432;
/** Longest folder of a unix socket: the path, with `/.s.PGSQL.5432.lock`, has to fit 103 bytes (macOS). */
const longestSocketFolder = 80;

/**
 * The folder that holds the cluster: `<dataFolder>/postgresql`, or, where `account` can't enter that, a folder below
 * `runtimeFolder` to which a link in its place points.
 */
export async function placeCluster(
  dataFolder: string,
  account: Account | undefined,
  runtimeFolder: string,
  log: Log,
): Promise<string> {
  await inDataFolder(dataFolder, async () => {
    await makeFolder(dataFolder, 0o755);
    await access(dataFolder, constants.W_OK);
  });
  const wanted = join(resolve(dataFolder), 'postgresql');
  const link = await lstat(wanted).catch(() => undefined);
  if (link?.isSymbolicLink() === true) return realpath(wanted);
  if (account === undefined || canEnter(account, dirname(wanted))) {
    await inDataFolder(dataFolder, () => makeFolderOf(account, wanted));
    return wanted;
  }
  const name = createHash('sha256').update(wanted).digest('hex').slice(0, 12);
  const elsewhere = join(runtimeFolder, `data-${name}`);
  await makeFolder(runtimeFolder, 0o755);
  await makeFolderOf(account, elsewhere);
  await symlink(elsewhere, wanted);
  log.warn('PostgreSQL runs as nobody, who can not enter the data folder; its files are elsewhere, behind a link', {
    dataFolder: wanted,
    files: elsewhere,
  });
  return elsewhere;
}

/** @throws {TarsierError} `config/data-folder` when it fails */
async function inDataFolder(folder: string, make: () => Promise<void>): Promise<void> {
  try {
    await make();
  } catch (cause) {
    throw new TarsierError('config/data-folder', `TARSIER_DATA=${folder}: expected a folder that can be written`, {
      cause,
    });
  }
}

async function makeFolderOf(account: Account | undefined, folder: string): Promise<void> {
  await makeFolder(folder, 0o700);
  if (account !== undefined) await chown(folder, account.uid, account.gid);
}

/** Opens the cluster in `folder`, initialising it when there is none. */
export async function openCluster(initdb: string, folder: string, account: Account | undefined): Promise<Cluster> {
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  if ((await stat(join(data, 'PG_VERSION')).catch(() => undefined)) === undefined) {
    await initialise(initdb, data, passwordFile, account);
  }
  const socketFolder = socketFolderOf(folder);
  await makeFolderOf(account, socketFolder);
  return {
    data,
    log: join(folder, 'postgresql.log'),
    socketFolder,
    port,
    user,
    password: (await readFile(passwordFile, 'utf8')).trim(),
  };
}

function socketFolderOf(folder: string): string {
  const inside = join(folder, 'run');
  if (Buffer.byteLength(inside) <= longestSocketFolder) return inside;
  return join(tmpdir(), `tarsier-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`);
}

/** Initialised beside its place and renamed: a crash in between leaves nothing half made. */
async function initialise(
  initdb: string,
  data: string,
  passwordFile: string,
  account: Account | undefined,
): Promise<void> {
  const partial = `${data}.new`;
  await rm(partial, { recursive: true, force: true });
  await writeFile(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  if (account !== undefined) await chown(passwordFile, account.uid, account.gid);
  const options = [
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    `--username=${user}`,
    '--encoding=UTF8',
    '--locale=C',
  ];
  try {
    await promisify(execFile)(initdb, ['-D', partial, ...options], {
      ...account,
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    });
  } catch (cause) {
    throw new TarsierError('storage/initdb', `PostgreSQL could not create its data folder ${data}${outputOf(cause)}`, {
      cause,
    });
  }
  await rename(partial, data);
}

/** What a program that failed wrote, on a line of its own. */
function outputOf(error: unknown): string {
  return error instanceof Error && 'stderr' in error ? `:\n${String(error.stderr).trim()}` : '';
}
