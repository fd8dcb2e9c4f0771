/** Tells how the agent does to whoever connects: a socket in the state folder that only its owner may open. */
import { createHash } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { makeFolder } from '@tarsier/plugins';
import { TarsierError } from '@tarsier/protocol';

/** What a Unix socket's path may have on every platform. */
const longestSocketPath = 100;
const timeoutMs = 5_000;

/** Where the socket is; on Windows a named pipe of the folder's own. */
export function statusSocketPath(stateFolder: string, platform: string): string {
  if (platform !== 'win32') return join(resolve(stateFolder), 'agent.sock');
  const name = createHash('sha256').update(resolve(stateFolder)).digest('hex').slice(0, 32);
  return `\\\\.\\pipe\\tarsier-agent-${name}`;
}

export interface StatusServer {
  close(): Promise<void>;
}

/**
 * Serves what `status` gives, as JSON, to each who connects. The spool's lock has told that no other agent works here:
 * what is found at the path is left from one that was killed.
 *
 * @throws when nothing can be served there
 */
export async function serveStatus(stateFolder: string, platform: string, status: () => unknown): Promise<StatusServer> {
  const path = statusSocketPath(stateFolder, platform);
  if (platform !== 'win32') {
    if (Buffer.byteLength(path) > longestSocketPath)
      throw new Error(
        `${path} is longer than the ${longestSocketPath} bytes of a socket's path; set a shorter state folder`,
      );
    makeFolder(stateFolder);
    rmSync(path, { force: true });
  }
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.setTimeout(timeoutMs, () => socket.destroy());
    socket.end(JSON.stringify(status()));
  });
  await new Promise<void>((done, reject) => {
    server.once('error', reject);
    server.listen(path, () => done());
  });
  if (platform !== 'win32') chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise((done) => {
        server.close(() => done());
      }),
  };
}

/** @throws {TarsierError} `status/none` when no agent runs with this folder, `status/forbidden`, `status/silent` */
export function askStatus(stateFolder: string, platform: string): Promise<unknown> {
  const path = statusSocketPath(stateFolder, platform);
  return new Promise((done, reject) => {
    let answer = '';
    const socket = connect(path);
    socket.setEncoding('utf8');
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('end', () => {
      try {
        done(JSON.parse(answer));
      } catch (cause) {
        reject(new TarsierError('status/silent', `the agent at ${path} did not say how it does`, { cause }));
      }
    });
    socket.on('error', (cause: NodeJS.ErrnoException) => reject(explained(path, cause)));
  });
}

function explained(path: string, cause: NodeJS.ErrnoException): TarsierError {
  switch (cause.code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ECONNREFUSED':
      return new TarsierError('status/none', `no agent runs here: nobody listens at ${path}`);
    case 'EACCES':
    case 'EPERM':
      return new TarsierError('status/forbidden', `only root and the agent's user may ask at ${path}`);
    default:
      return new TarsierError('status/silent', `the agent at ${path} does not answer`, { cause });
  }
}
