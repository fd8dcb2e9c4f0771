import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { lookup } from 'node:dns/promises';

export interface UdpRequest {
  /** Name or address. */
  readonly host: string;
  readonly port: number;
  readonly payload: Uint8Array;
  readonly timeoutMs: number;
  /** Which answers count; others are waited past, since anybody may send some. */
  readonly accept?: (answer: Buffer) => boolean;
  readonly signal?: AbortSignal;
}

export interface UdpAnswer {
  readonly payload: Buffer;
  /** When it was sent and when it came, ms, on the clock of `performance.now`. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

/**
 * Sends one datagram and waits for one back from the same address.
 *
 * @throws {Error} when the name is not known, nothing listens there, or no answer comes in time
 */
export async function udpRequestOnce(request: UdpRequest): Promise<UdpAnswer> {
  const { host, port, payload, timeoutMs, accept = () => true, signal } = request;
  const { address } = await lookup(host);
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => {};
  try {
    return await new Promise((resolve, reject) => {
      let sentAt = 0;
      timer = setTimeout(() => reject(new Error(`${host}:${port}: no answer within ${timeoutMs} ms`)), timeoutMs);
      onAbort = () => reject(new Error('stopped'));
      signal?.addEventListener('abort', onAbort);
      socket.on('error', reject);
      socket.on('message', (answer) => {
        const receivedAt = performance.now();
        if (accept(answer)) resolve({ payload: answer, sentAt, receivedAt });
      });
      // Connected: a port where nothing listens is an error, and others' datagrams do not get here.
      socket.connect(port, address, () => {
        sentAt = performance.now();
        socket.send(payload);
      });
      if (signal?.aborted === true) onAbort();
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    socket.close();
  }
}
