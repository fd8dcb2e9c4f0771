/** A small HTTP server for applications on this host. Several plugins can have routes on one. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { describeError } from '@tarsier/protocol';
import type { Host } from '../host/host.ts';
import type { Share } from '../host/share.ts';
import { parseAddress } from './address.ts';
import { browserRefusal } from './browser-guard.ts';
import { createListener } from './listener.ts';

export interface DoorRequest {
  readonly headers: IncomingHttpHeaders;
  /** Decompressed. */
  readonly body: Buffer;
}

export interface DoorAnswer {
  readonly status: number;
  readonly contentType?: string;
  readonly body?: string | Uint8Array;
  readonly retryAfterSeconds?: number;
}

export interface DoorRoute {
  /** A POST that was read whole. A throw is answered as 500. */
  take(request: DoorRequest): DoorAnswer;
  /** How a request is answered that never comes to {@link take}. */
  refuse(status: number, message: string, headers: IncomingHttpHeaders): DoorAnswer;
}

export interface HttpDoor {
  /**
   * @returns counts of answers by status, and what ends the route
   * @throws {Error} when the path is taken
   */
  route(path: string, route: DoorRoute): OpenRoute;
  /** Resolves when it listens. @throws when the address can't be used; the next call tries again */
  listening(): Promise<void>;
  /** The port, once it listens; undefined for a unix socket. */
  readonly port: number | undefined;
  close(): Promise<void>;
}

export interface OpenRoute {
  readonly answers: ReadonlyMap<number, number>;
  close(): void;
}

/** Of a body, before and after decompression. */
export const maxBodyBytes = 4 * 1024 * 1024;
/** Bodies that are being read at once: together with {@link maxBodyBytes} the bound of what floods can take. */
const maxAtOnce = 8;
const maxConnections = 200;
const timeouts = { headersTimeout: 5_000, requestTimeout: 15_000, keepAliveTimeout: 65_000 };
const retryAfterSeconds = 1;

const gunzipOnce = promisify(gunzip);

/** A request that is answered otherwise than by its route. */
class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The door at an address, together with all other plugins that have it there. @param address  as a setting has it */
export function openHttpDoor(host: Host, address: string): Share<HttpDoor> {
  return host.share(`http ${address}`, () => createHttpDoor(address));
}

function createHttpDoor(address: string): HttpDoor {
  const routes = new Map<string, { readonly route: DoorRoute; readonly answers: Map<number, number> }>();
  let atOnce = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').replace(/\?.*$/su, '');
    const found = routes.get(path);
    if (found === undefined) {
      send(response, {
        status: 404,
        body: `there is nothing at this path; there is ${[...routes.keys()].join(', ')}\n`,
      });
      return;
    }
    const { route, answers } = found;
    const result = await resultOf(request, route);
    answers.set(result.status, (answers.get(result.status) ?? 0) + 1);
    send(response, result);
  }

  async function resultOf(request: IncomingMessage, route: DoorRoute): Promise<DoorAnswer> {
    const { headers } = request;
    try {
      const refusal = browserRefusal(headers);
      if (refusal !== undefined) throw new Refusal(403, refusal);
      if (request.method !== 'POST') throw new Refusal(405, `expected POST, got ${request.method}`);
      if (atOnce >= maxAtOnce) throw new Refusal(503, `${maxAtOnce} requests are being read`);
      atOnce++;
      try {
        return route.take({ headers, body: await bodyOf(request) });
      } finally {
        atOnce--;
      }
    } catch (error) {
      const [status, message] =
        error instanceof Refusal ? [error.status, error.message] : [500, `failed: ${describeError(error)}`];
      const refused = route.refuse(status, message, headers);
      return status === 503 ? { ...refused, retryAfterSeconds } : refused;
    }
  }

  const target = parseAddress(address);
  if (target === undefined) throw new Error(`${address}: expected an address to listen on`);
  const listener = createListener(target, () => {
    const server = createServer(timeouts, (request, response) => {
      answer(request, response).catch(() => response.destroy());
    });
    server.maxConnections = maxConnections;
    return server;
  });

  return {
    route(path, route) {
      if (routes.has(path)) throw new Error(`${path} at ${address} is another plugin's already`);
      const answers = new Map<number, number>();
      routes.set(path, { route, answers });
      return { answers, close: () => void routes.delete(path) };
    },
    listening: listener.listening,
    get port() {
      return listener.port;
    },
    close: listener.close,
  };
}

function send(
  response: ServerResponse,
  { status, contentType = 'text/plain', body, retryAfterSeconds }: DoorAnswer,
): void {
  response.writeHead(status, {
    ...(body === undefined ? {} : { 'content-type': contentType, 'x-content-type-options': 'nosniff' }),
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    // What was refused unread may still be on its way.
    ...(status >= 400 ? { connection: 'close' } : {}),
  });
  response.end(body);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const tooLarge = new Refusal(413, `expected at most ${maxBodyBytes} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge;
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip')
    throw new Refusal(415, `expected a content encoding of gzip or none, got ${encoding}`);
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    if (!Buffer.isBuffer(piece)) continue;
    bytes += piece.length;
    if (bytes > maxBodyBytes) throw tooLarge;
    pieces.push(piece);
  }
  const body = Buffer.concat(pieces);
  if (encoding === 'identity') return body;
  try {
    return await gunzipOnce(body, { maxOutputLength: maxBodyBytes });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge;
    throw new Refusal(400, 'the body is not gzip, as it says');
  }
}
