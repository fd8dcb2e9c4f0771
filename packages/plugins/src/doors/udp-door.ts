/** A UDP socket that takes datagrams, and knows how many the kernel dropped before they could be read. */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Host } from '../host/host.ts';
import { parseAddress } from './address.ts';
import { startOnce } from './start-once.ts';

export interface UdpDoor {
  /** Resolves when it is bound. @throws when the address can't be used; the next call tries again */
  listening(): Promise<void>;
  readonly port: number | undefined;
  /** Datagrams that came while the socket's buffer was full; undefined where the kernel does not tell. */
  kernelDrops(): number | undefined;
  close(): Promise<void>;
}

/** For bursts between two turns of the event loop; the kernel may allow less. */
const receiveBufferBytes = 1024 * 1024;

export function createUdpDoor(host: Host, setting: string, onDatagram: (bytes: Buffer) => void): UdpDoor {
  const address = parseAddress(setting);
  if (address?.kind !== 'tcp') throw new Error(`${setting}: expected address and port`);
  const { host: ip, port: wantedPort } = address;
  const family = isIPv6(ip) ? 'udp6' : 'udp4';
  let socket: Socket | undefined;
  let closed = false;

  const listening = startOnce(async () => {
    if (closed) throw new Error(`${setting} was closed`);
    const created = createSocket({ type: family, recvBufferSize: receiveBufferBytes });
    await new Promise<void>((resolve, reject) => {
      created.once('error', (cause) => {
        created.close();
        reject(new Error(`can not listen on ${setting}`, { cause }));
      });
      created.bind(wantedPort, ip, resolve);
    });
    created.removeAllListeners('error');
    created.on('error', () => {});
    created.on('message', onDatagram);
    created.unref();
    socket = created;
  });

  const port = (): number | undefined => socket?.address().port;
  return {
    listening,
    get port() {
      return port();
    },
    kernelDrops() {
      const table = host.readProcIfThere(family === 'udp6' ? 'net/udp6' : 'net/udp');
      const own = port();
      return table === undefined || own === undefined ? undefined : dropsOf(table, own);
    },
    async close() {
      closed = true;
      // What is starting is waited for, what is not does not start any more.
      await listening().catch(() => {});
      const closing = socket;
      socket = undefined;
      if (closing === undefined) return;
      await new Promise<void>((resolve) => {
        closing.close(() => resolve());
      });
    },
  };
}

/** The last column of /proc/net/udp, of the socket that is bound to the port. */
export function dropsOf(table: string, port: number): number | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const line of table.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/u);
    if (columns[1]?.endsWith(suffix) === true) return Number(columns.at(-1));
  }
  return undefined;
}
