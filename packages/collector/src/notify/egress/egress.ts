/**
 * The only way out to addresses that tenants choose. They must not reach what only the collector can: its own machine,
 * the network around it, a cloud's metadata. What a name stands for is looked at when the connection is made, and that
 * very address is connected to: one who answers the resolver differently the second time gains nothing.
 */
import { lookup as resolve, type LookupAddress } from 'node:dns';
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { isPublic } from './address.ts';
import { allowedFrom } from './allowed.ts';

/** It leads to where channels may not. */
export class EgressError extends Error {
  override readonly name = 'EgressError';
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
}

export interface Egress {
  /** What can be seen without asking a resolver. @throws {EgressError} */
  require(url: string): void;
  /**
   * Posts, and reads no more of the answer than its head. Redirects are not followed.
   *
   * @throws {EgressError}, or why there was no answer
   */
  post(
    url: string,
    request: {
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string | Uint8Array;
      readonly timeoutMs: number;
    },
  ): Promise<Answer>;
  /**
   * Asks for a text. Redirects are not followed.
   *
   * @param mostBytes  of the answer; a longer one is refused
   * @throws {EgressError}, or why there was no answer that could be read in time
   */
  get(
    url: string,
    request: { readonly timeoutMs: number; readonly mostBytes: number },
  ): Promise<{ readonly status: number; readonly text: string }>;
  /** @throws {EgressError}, or why it could not connect */
  connect(host: string, port: number, timeoutMs: number): Promise<Socket>;
}

/** As `node:dns` has it. */
export type Resolve = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** @param allow  besides public addresses: see {@link allowedFrom} */
export function createEgress({
  allow = [],
  lookup = resolve,
}: { readonly allow?: readonly string[]; readonly lookup?: Resolve } = {}): Egress {
  const allowed = allowedFrom(allow);
  const mayReach = (address: string): boolean => isPublic(address) || allowed.address(address);

  /** As a URL writes it: `2130706433`, `0x7f.1` and `0177.0.0.1` are `127.0.0.1`. */
  function requireHost(host: string): string {
    const plain = plainHost(host);
    if (allowed.host(plain)) return plain;
    const isRefused =
      isIP(plain) === 0 ? /(?:^|\.)localhost$/u.test(plain) && !mayReach('127.0.0.1') : !mayReach(plain);
    if (isRefused) throw refusal(plain);
    return plain;
  }

  const checked: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, { all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const wanted = addresses.filter(({ family }) => !options.family || Number(options.family) === family);
      const [first] = wanted;
      // If one of several is not to be reached none is: which one is taken is not up to us.
      const isAllowed = allowed.host(hostname) || addresses.every(({ address }) => mayReach(address));
      if (!isAllowed || first === undefined) callback(refusal(hostname), []);
      else if (options.all === true) callback(null, wanted);
      else callback(null, first.address, first.family);
    });
  };

  function ask(
    url: string,
    { timeoutMs, ...asked }: Pick<RequestOptions, 'method' | 'headers'> & { readonly timeoutMs: number },
    body?: string | Uint8Array,
  ): Promise<IncomingMessage> {
    requireHost(new URL(url).hostname);
    const send = url.toLowerCase().startsWith('https:') ? requestHttps : requestHttp;
    // A connection that is there already was not looked at for this one.
    const options = { ...asked, lookup: checked, agent: false, signal: AbortSignal.timeout(timeoutMs) };
    return new Promise((resolve, reject) => {
      send(url, options, resolve).once('error', reject).end(body);
    });
  }

  return {
    require: (url) => void requireHost(new URL(url).hostname),
    async post(url, { headers, body, timeoutMs }) {
      const sized = { ...headers, 'content-length': Buffer.byteLength(body) };
      const response = await ask(url, { method: 'POST', headers: sized, timeoutMs }, body);
      // The answer's body says nothing; an endless one must not be read.
      response.destroy();
      return { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] ?? null };
    },
    async get(url, { timeoutMs, mostBytes }) {
      const response = await ask(url, { method: 'GET', headers: {}, timeoutMs });
      let text = '';
      response.setEncoding('utf8');
      // Leaving the loop destroys what is yet to come.
      for await (const chunk of response as AsyncIterable<string>) {
        text += chunk;
        if (text.length > mostBytes) throw new Error(`the answer is longer than ${mostBytes} bytes`);
      }
      return { status: response.statusCode ?? 0, text };
    },
    async connect(host, port, timeoutMs) {
      const plain = requireHost(host);
      return new Promise((resolve, reject) => {
        const socket = connect({ host: plain, port, lookup: checked, timeout: timeoutMs });
        socket.once('error', reject);
        socket.once('timeout', () => socket.destroy(new Error('no connection in time')));
        socket.once('connect', () => {
          socket.setTimeout(0);
          socket.removeAllListeners();
          resolve(socket);
        });
      });
    },
  };
}

function plainHost(host: string): string {
  const text = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const url = URL.parse(`http://${text}/`);
  return (url?.hostname ?? host).toLowerCase().replaceAll(/^\[|\]$|\.$/gu, '');
}

/** Says nothing of what the name stands for: that may be nobody's business. */
function refusal(host: string): EgressError {
  return new EgressError(
    `${host} is no address on the public Internet; the operator can allow it with TARSIER_EGRESS_ALLOW`,
  );
}
