/** The server itself: what a client may take of it before a request is one. */
import { createServer, type RequestListener, type ServerOptions } from 'node:http';
import { createServer as createSecureServer, type ServerOptions as SecureServerOptions } from 'node:https';
import { serve, type ServerType } from '@hono/node-server';
import { TarsierError } from '@tarsier/protocol';
import type { Hono } from 'hono';
import { WebSocketServer } from 'ws';
import type { TlsOptions } from '../tls.ts';
import type { AppEnv } from './app-env.ts';

/** What `serve` wants of `ws`; only their ways to write an optional property differ. */
type SocketServer = NonNullable<Parameters<typeof serve>[0]['websocket']>['server'];

export interface ListenTimes {
  /** Longer than agents pause between two batches, and proxies between two requests. */
  readonly keepAliveMs: number;
  /** A client that sends its headers, or its body, a byte at a time is cut off. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** How often it is looked for those. */
  readonly checkMs: number;
}

const usualTimes: ListenTimes = { keepAliveMs: 65_000, headersMs: 20_000, requestMs: 120_000, checkMs: 5_000 };
/** Of all headers of a request, bytes. */
const maxHeaderBytes = 16 * 1024;
/** More than any client sends. */
const maxHeaders = 100;

/** @throws {TarsierError} `config/listen` */
export function listen(
  fetchApp: Hono<AppEnv>['fetch'],
  { host, port }: { readonly host: string; readonly port: number },
  {
    tls,
    maxMessageBytes,
    guard = (app) => app,
    times: { keepAliveMs, headersMs, requestMs, checkMs } = usualTimes,
  }: {
    readonly tls: TlsOptions | undefined;
    /** Of a client on the live feed. */
    readonly maxMessageBytes: number;
    /** Puts something in front of the app. */
    readonly guard?: (app: RequestListener) => RequestListener;
    readonly times?: ListenTimes;
  },
): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes }) as SocketServer;
    const common = { fetch: fetchApp, hostname: host, port, websocket: { server: sockets } };
    const limits = {
      keepAliveTimeout: keepAliveMs,
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: checkMs,
      maxHeaderSize: maxHeaderBytes,
    };
    // With options always, as `serve` calls it.
    const plain = ((of: ServerOptions, handle: RequestListener) =>
      createServer(of, guard(handle))) as typeof createServer;
    const secure = ((of: SecureServerOptions, handle: RequestListener) =>
      createSecureServer(of, guard(handle))) as typeof createSecureServer;
    const options =
      tls === undefined
        ? { ...common, createServer: plain, serverOptions: limits }
        : { ...common, createServer: secure, serverOptions: { ...limits, ...tls } };
    const server = serve(options, () => resolve(server));
    if ('maxHeadersCount' in server) server.maxHeadersCount = maxHeaders;
    server.once('error', (cause: Error) => {
      const taken = 'code' in cause && cause.code === 'EADDRINUSE';
      const why = taken ? 'another program listens there; ' : '';
      const remedy = `${why}choose another address with TARSIER_LISTEN=HOST:PORT`;
      reject(new TarsierError('config/listen', `can not listen on ${host}:${port}: ${remedy}`, { cause }));
    });
  });
}
