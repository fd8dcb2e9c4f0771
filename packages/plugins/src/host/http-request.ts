import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { request as httpsRequest, type RequestOptions as SecureOptions } from 'node:https';

export interface HttpRequest {
  readonly url: string | URL;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly timeoutMs: number;
  /** More of an answer is an error. */
  readonly maxBytes?: number;
  /** Instead of the URL's host: a server on this host, as of Docker. */
  readonly socketPath?: string;
  /** Whether the certificate has to be trusted: true unless said otherwise. */
  readonly verifyTls?: boolean;
  /** Certificates that are trusted instead of the usual ones, own certificate with its key, name to ask for; PEM. */
  readonly tls?: Pick<SecureOptions, 'ca' | 'cert' | 'key' | 'servername'>;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const defaultMaxBytes = 16 * 1024 * 1024;

/**
 * One request, without following redirects. node:http, since `fetch` would cost the agent 15 MB.
 *
 * @throws {Error} when there is no whole answer within the time and size; a status of 400 or more is no error
 */
export function httpRequestOnce(request: HttpRequest): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, body, timeoutMs, maxBytes = defaultMaxBytes, socketPath, signal } = request;
  const url = new URL(request.url);
  const secure = url.protocol === 'https:';
  const options: RequestOptions & SecureOptions = {
    method,
    headers: { 'user-agent': 'tarsier-agent', ...headers },
    agent: false,
    ...(socketPath === undefined ? {} : { socketPath }),
    ...(secure ? { rejectUnauthorized: request.verifyTls ?? true, ...request.tls } : {}),
  };
  return new Promise((resolve, reject) => {
    const sent = (secure ? httpsRequest : httpRequest)(url, options, (response) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      response.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > maxBytes) fail(new Error(`the answer is longer than ${maxBytes} bytes`));
        else pieces.push(piece);
      });
      response.on('error', fail);
      response.on('end', () => {
        settle();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) });
      });
    });
    // Of the whole exchange: a server that sends a byte now and then is not alive.
    const timer = setTimeout(() => fail(new Error(`no whole answer within ${timeoutMs} ms`)), timeoutMs);
    const onAbort = (): void => fail(new Error('stopped'));
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: Error): void => {
      settle();
      sent.destroy();
      reject(error);
    };
    signal?.addEventListener('abort', onAbort);
    sent.on('error', fail);
    if (signal?.aborted === true) onAbort();
    else sent.end(body);
  });
}
