/** A network between an agent and a collector that can be cut: TCP through this process. */
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface Proxy {
  readonly url: string;
  /** Connections break off, and new ones lead nowhere; with `silently` they stay and nothing goes through any more. */
  cut(silently: boolean): void;
  /** Requests go through, answers do not. */
  loseAnswers(): void;
  heal(): void;
  close(): void;
}

/** @param address  where it listens */
export async function startProxy(target: URL, address = '127.0.0.1'): Promise<Proxy> {
  const open = new Set<Socket>();
  let state: 'open' | 'cut' | 'silent' | 'answers lost' = 'open';
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one);
      one.on('data', (chunk) => {
        if (state === 'open' || (state === 'answers lost' && one === client)) other.write(chunk);
      });
      one.on('error', () => {});
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
    if (state === 'cut') client.destroy();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, address, resolve);
  });
  const breakAll = (): void => {
    for (const one of open) one.destroy();
  };
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${address}:${port}`,
    cut(silently) {
      state = silently ? 'silent' : 'cut';
      if (!silently) breakAll();
    },
    loseAnswers() {
      state = 'answers lost';
    },
    heal() {
      // What was swallowed is not sent after all: such connections are no use any more.
      if (state === 'silent' || state === 'answers lost') breakAll();
      state = 'open';
    },
    close() {
      breakAll();
      server.close();
    },
  };
}
