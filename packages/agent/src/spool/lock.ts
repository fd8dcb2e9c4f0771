/** One agent per spool: a socket in the folder that its holder listens on, and that the system closes with the process. */
import { createHash, randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { TarsierError } from '@tarsier/protocol';

export interface FolderLock {
  release(): Promise<void>;
}

/** What a Unix socket's path may have on every platform. */
const longestSocketPath = 100;

/**
 * @returns undefined where nothing can be written: two who can't write can't hurt each other
 * @throws {TarsierError} `spool/in-use` while another process holds the folder
 */
export async function lockFolder(folder: string): Promise<FolderLock | undefined> {
  const path = socketPath(folder);
  for (;;) {
    const server = await listen(path);
    if (server !== 'taken') {
      return server && { release: () => new Promise((done) => server.close(() => done())) };
    }
    if (await answers(path)) throw inUse(folder);
    // Nobody listens: its holder was killed. Moved away first, as another may take it over at this very moment.
    const stale = `${path}.${randomUUID().slice(0, 8)}`;
    try {
      await rename(path, stale);
    } catch {
      continue;
    }
    if (await answers(stale)) {
      await rename(stale, path);
      throw inUse(folder);
    }
    await rm(stale, { force: true });
  }
}

function inUse(folder: string): TarsierError {
  return new TarsierError(
    'spool/in-use',
    `spool: expected a folder of its own, but another agent works with ${resolve(folder)}; stop that one, or set another folder`,
    { field: 'spool' },
  );
}

function socketPath(folder: string): string {
  const name = createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 32);
  // Named pipes go with their process, too.
  if (join('a', 'b') === 'a\\b') return `\\\\.\\pipe\\tarsier-${name}`;
  const path = join(resolve(folder), 'lock');
  return path.length <= longestSocketPath ? path : join(tmpdir(), `tarsier-${name}.lock`);
}

function listen(path: string): Promise<Server | 'taken' | undefined> {
  return new Promise((done) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code === 'EADDRINUSE' ? 'taken' : undefined));
    // It must not keep a process alive that is done.
    server.listen(path, () => done(server)).unref();
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}
