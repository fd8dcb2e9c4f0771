/** One HTTP exchange with the time of each step, through redirects. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { CheckFailure } from '../host/check-failure.ts';
import type { Host } from '../host/host.ts';
import type { Certificate, Connection } from '../host/sockets.ts';

export interface Exchange {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Redirects that are followed. */
  readonly redirects: number;
  readonly verifyTls: boolean;
  /** Trusted besides those that Node trusts, PEM. */
  readonly ca?: string;
  /** Of the body; the rest is read and forgotten. */
  readonly keepBytes: number;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** The beginning of it. */
  readonly body: string;
  readonly bodyBytes: number;
}

export type Phase = 'dns' | 'connect' | 'tls' | 'first_byte' | 'transfer';

export interface ExchangeObserver {
  /** A phase that ended, whatever comes of the rest. */
  phase(phase: Phase, seconds: number): void;
  certificate(certificate: Certificate): void;
}

/** @throws {CheckFailure} `dns`, `connect`, `tls`, `certificate`, `http` or `redirect`; and the signal's reason */
export async function exchange(host: Host, request: Exchange, observer: ExchangeObserver): Promise<Answer> {
  let { url, headers, method, body } = request;
  for (let followed = 0; ; followed++) {
    const answer = await once(host, { ...request, url, headers, method, body }, observer);
    const location = answer.headers.location;
    if (answer.status < 300 || answer.status >= 400 || location === undefined || request.redirects === 0) return answer;
    if (followed === request.redirects)
      throw new CheckFailure(
        'redirect',
        `more than ${request.redirects} redirects; the last one came from ${url.origin}`,
      );
    const next = redirectTarget(location, url);
    // What is meant for one server is no other's business.
    if (next.origin !== url.origin) headers = withoutSecrets(headers);
    if (answer.status === 303 || (answer.status < 303 && method === 'POST')) [method, body] = ['GET', ''];
    url = next;
  }
}

async function once(host: Host, request: Exchange, observer: ExchangeObserver): Promise<Answer> {
  const { url, verifyTls, ca, signal } = request;
  const secure = url.protocol === 'https:';
  // An address of IPv6 has brackets in a URL only.
  const hostname = url.hostname.replace(/^\[|\]$/gu, '');
  const connection = await host.connect(
    {
      host: hostname,
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
      signal,
      ...(secure ? { tls: { servername: hostname, verify: verifyTls, ...(ca === undefined ? {} : { ca }) } } : {}),
    },
    (certificate) => observer.certificate(certificate),
  );
  const { dns, connect, tls } = connection.times;
  if (dns !== undefined) observer.phase('dns', dns);
  observer.phase('connect', connect);
  if (tls !== undefined) observer.phase('tls', tls);
  try {
    return await exchangeOver(connection, host, request, observer);
  } finally {
    connection.close();
  }
}

function exchangeOver(
  { socket }: Connection,
  host: Host,
  { url, method, headers, body, keepBytes, signal }: Exchange,
  observer: ExchangeObserver,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const began = host.now();
    const fail = (error: Error): void => {
      reject(signal.aborted || error instanceof CheckFailure ? reasonOf(signal, error) : noHttp(error));
    };
    const sent = httpRequest(
      {
        host: url.hostname,
        path: url.pathname + url.search,
        method,
        headers: {
          host: url.host,
          'user-agent': 'tarsier-agent',
          accept: '*/*',
          connection: 'close',
          ...(body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
          ...headers,
        },
        setHost: false,
        createConnection: () => socket,
      },
      (response) => {
        const answered = host.now();
        observer.phase('first_byte', (answered - began) / 1000);
        const pieces: Buffer[] = [];
        let bodyBytes = 0;
        response.on('data', (piece: Buffer) => {
          if (bodyBytes < keepBytes) pieces.push(piece.subarray(0, keepBytes - bodyBytes));
          bodyBytes += piece.length;
        });
        response.on('error', fail);
        response.on('end', () => {
          observer.phase('transfer', (host.now() - answered) / 1000);
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, bodyBytes, body: Buffer.concat(pieces).toString() });
        });
      },
    );
    sent.on('error', fail);
    sent.end(body);
  });
}

function reasonOf(signal: AbortSignal, error: Error): Error {
  return signal.reason instanceof Error ? signal.reason : error;
}

function noHttp(cause: Error): CheckFailure {
  return new CheckFailure('http', 'there is no whole answer in HTTP', { cause });
}

function redirectTarget(location: string, from: URL): URL {
  if (!URL.canParse(location, from)) throw new CheckFailure('redirect', `${from.origin} redirects to what is no URL`);
  const target = new URL(location, from);
  if (target.protocol !== 'http:' && target.protocol !== 'https:')
    throw new CheckFailure('redirect', `${from.origin} redirects to ${target.protocol}, expected http or https`);
  return target;
}

function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  // Any header of one's own may be a key.
  return Object.fromEntries(Object.entries(headers).filter(([name]) => /^(accept|accept-.*|user-agent)$/iu.test(name)));
}
