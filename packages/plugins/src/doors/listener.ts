import { chmod, lstat, rm } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import type { ListenAddress } from './address.ts';
import { startOnce } from './start-once.ts';

export interface Listener {
  /** Resolves when it listens. @throws when the address can't be used; the next call tries again */
  listening(): Promise<void>;
  /** Once it listens; undefined for a unix socket. */
  readonly port: number | undefined;
  close(): Promise<void>;
}

/** Whoever may enter the folder may write to the socket: folders are how access to it is given. */
const socketMode = 0o666;

/** @param createServer  of node:net or node:http; called for each try */
export function createListener(address: ListenAddress, createServer: () => Server): Listener {
  let server: Server | undefined;
  let closed = false;

  const listening = startOnce(async () => {
    if (closed) throw new Error(`${nameOf(address)} was closed`);
    if (address.kind === 'unix') await removeStaleSocket(address.path);
    const created = createServer();
    await new Promise<void>((resolve, reject) => {
      created.once('error', (cause) => reject(new Error(`can not listen on ${nameOf(address)}`, { cause })));
      created.listen(address.kind === 'unix' ? address.path : { host: address.host, port: address.port }, resolve);
    });
    // A failure of one connection is that connection's.
    created.on('error', () => {});
    created.unref();
    if (address.kind === 'unix') await chmod(address.path, socketMode);
    server = created;
  });

  return {
    listening,
    get port() {
      const at = server?.address();
      return typeof at === 'object' ? at?.port : undefined;
    },
    async close() {
      closed = true;
      // What is starting is waited for, what is not does not start any more.
      await listening().catch(() => {});
      if (server !== undefined) await stop(server);
      server = undefined;
    },
  };
}

function nameOf(address: ListenAddress): string {
  if (address.kind === 'unix') return address.path;
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function')
      server.closeAllConnections();
  });
}

/** One that nobody listens on, left by an agent that was killed. Anything else stays where it is. */
async function removeStaleSocket(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there?.isSocket() !== true) return;
  const alive = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  if (!alive) await rm(path, { force: true });
}
