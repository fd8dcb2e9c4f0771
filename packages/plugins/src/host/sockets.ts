/** Connections to servers: how long each step took, what certificate came, and a conversation that ends in time. */
import { lookup } from 'node:dns/promises';
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { CheckFailure } from './check-failure.ts';

export interface ConnectRequest {
  /** A name or an address; nothing when `path` is given. */
  readonly host?: string;
  readonly port?: number;
  /** A unix socket, instead. */
  readonly path?: string;
  readonly tls?: TlsRequest;
  /** Ends the conversation, too; its reason is the error then. */
  readonly signal: AbortSignal;
}

export interface TlsRequest {
  /** Name that the certificate has to be for. */
  readonly servername: string;
  /** Whether the certificate has to be trusted. */
  readonly verify: boolean;
  /** Trusted besides those that Node trusts, PEM. */
  readonly ca?: string;
}

/** Seconds; what was not needed is absent. */
export interface ConnectTimes {
  readonly dns?: number;
  readonly connect: number;
  readonly tls?: number;
}

export interface Certificate {
  /** Unix ms. */
  readonly notAfter: number;
  readonly issuer: string;
}

export interface Connection {
  readonly socket: Socket;
  readonly times: ConnectTimes;
  send(bytes: string | Uint8Array): void;
  /**
   * Reads on until `decode` makes something of all that came.
   *
   * @throws {CheckFailure} `closed` when the server ends before that, `too_long` when it says more than `maxBytes`
   */
  receive<T>(decode: (received: Buffer) => T | undefined, maxBytes: number): Promise<T>;
  close(): void;
}

/**
 * @param onCertificate  told of the server's certificate even where it is not trusted, and before that is an error
 * @throws {CheckFailure} `dns`, `connect`, `tls` or `certificate`; and the signal's reason
 */
export async function connect(
  { host = 'localhost', port, path, tls, signal }: ConnectRequest,
  now: () => number,
  onCertificate?: (certificate: Certificate) => void,
): Promise<Connection> {
  signal.throwIfAborted();
  const began = now();
  const addresses = path === undefined && isIP(host) === 0 ? await addressesOf(host, signal) : undefined;
  const named = now();
  const socket = connectSocket(
    path === undefined
      ? {
          host,
          port: port ?? 0,
          autoSelectFamily: true,
          // The names are asked for above, so that it can be told how long that took.
          ...(addresses === undefined ? {} : { lookup: (_, __, done) => done(null, addresses) }),
        }
      : { path },
  );
  await eventOf(socket, 'connect', signal, 'connect');
  const connected = now();
  const times = {
    ...(addresses === undefined ? {} : { dns: (named - began) / 1000 }),
    connect: (connected - named) / 1000,
  };
  if (tls === undefined) return conversation(socket, times, signal);
  const secured = await secure(socket, tls, signal, onCertificate);
  return conversation(secured, { ...times, tls: (now() - connected) / 1000 }, signal);
}

async function addressesOf(host: string, signal: AbortSignal): Promise<{ address: string; family: number }[]> {
  try {
    return await orAborted(lookup(host, { all: true }), signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw new CheckFailure('dns', `${host} has no address`, { cause });
  }
}

async function secure(
  socket: Socket,
  { servername, verify, ca }: TlsRequest,
  signal: AbortSignal,
  onCertificate?: (certificate: Certificate) => void,
): Promise<TLSSocket> {
  // Loaded when first needed: an agent that checks nothing over TLS does without.
  const { connect: connectTls, createSecureContext, rootCertificates } = await import('node:tls');
  const secured = connectTls({
    socket,
    ...(isIP(servername) === 0 ? { servername } : { host: servername }),
    ...(ca === undefined ? {} : { secureContext: createSecureContext({ ca: [...rootCertificates, ca] }) }),
    ALPNProtocols: ['http/1.1'],
    // Judged below, after what is known of the certificate was told.
    rejectUnauthorized: false,
  });
  await eventOf(secured, 'secureConnect', signal, 'tls');
  onCertificate?.(described(secured.getPeerCertificate()));
  if (verify && !secured.authorized) {
    secured.destroy();
    throw new CheckFailure('certificate', `the certificate is not trusted: ${String(secured.authorizationError)}`);
  }
  return secured;
}

function described({ valid_to: validTo, issuer }: PeerCertificate): Certificate {
  return { notAfter: Date.parse(validTo), issuer: issuer.O ?? issuer.CN ?? '' };
}

function conversation(socket: Socket, times: ConnectTimes, signal: AbortSignal): Connection {
  const onAbort = (): void => {
    socket.destroy(signal.reason instanceof Error ? signal.reason : new Error('stopped'));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', onAbort));
  // Whoever waits is told by its own listener; a connection that breaks while nobody waits is no accident.
  socket.on('error', () => {});
  return {
    socket,
    times,
    send: (bytes) => void socket.write(bytes),
    receive: (decode, maxBytes) =>
      new Promise((resolve, reject) => {
        let received: Buffer = Buffer.alloc(0);
        const settle = (): void => {
          socket.off('data', onData).off('error', onError).off('end', onEnd).off('close', onEnd);
        };
        const onError = (error: Error): void => {
          settle();
          reject(error);
        };
        const onEnd = (): void => onError(new CheckFailure('closed', 'the server ended the connection'));
        const onData = (piece: Buffer): void => {
          received = received.length === 0 ? piece : Buffer.concat([received, piece]);
          try {
            const decoded = decode(received);
            if (decoded !== undefined) {
              settle();
              resolve(decoded);
            } else if (received.length > maxBytes) {
              throw new CheckFailure('too_long', `the answer is longer than ${maxBytes} bytes`);
            }
          } catch (error) {
            onError(error instanceof Error ? error : new Error(String(error)));
          }
        };
        if (socket.destroyed) onEnd();
        else socket.on('data', onData).on('error', onError).on('end', onEnd).on('close', onEnd);
      }),
    close: () => void socket.destroy(),
  };
}

function eventOf(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
  failed: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      signal.removeEventListener('abort', onAbort);
      socket.off(event, onEvent).off('error', onError).off('close', onClose);
    };
    const onEvent = (): void => {
      settle();
      resolve();
    };
    const fail = (error: unknown): void => {
      settle();
      socket.on('error', () => {});
      socket.destroy();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const onAbort = (): void => fail(signal.reason);
    const onError = (error: Error): void => fail(new CheckFailure(failed, messageOf(error)));
    const onClose = (): void => fail(new CheckFailure(failed, 'the server ended the connection'));
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once(event, onEvent).once('error', onError).once('close', onClose);
    if (signal.aborted) onAbort();
  });
}

/** Where several addresses were tried there is one error for each, and none in the message. */
function messageOf(error: Error): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(String).join('; ');
  return error.message;
}

/** What can't be stopped is no longer waited for. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('stopped'));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
