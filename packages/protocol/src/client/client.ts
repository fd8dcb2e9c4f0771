/**
 * The REST API for programs: browsers, Node.js and tests alike. An operation is named as in the OpenAPI document; what it
 * takes and answers follows from its schemas. No schema is loaded with it.
 */
import type { OperationKey } from '../api/operations.ts';
import { errorOf, RequestError } from './request-error.ts';
import type { AnswerAt, CallAnswer, CallArguments, Common, Method } from './types.ts';

/** A token that ends, and is renewed. */
export interface TokenSource {
  current(): Promise<string>;
  /** Another one, after a 401. */
  renew(): Promise<string>;
}

export interface ClientOptions {
  /** Where the collector is, no slash at the end; '' is the page's own origin. */
  readonly url: string;
  /** A key or token; absent where a session cookie says who asks. */
  readonly token?: string | TokenSource | undefined;
  /** Instead of `fetch`; answers that are files are then handed out as it gives them. */
  readonly fetch?: (url: string, request: ClientRequest) => Promise<ClientResponse>;
}

export interface ClientRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials: 'same-origin' | 'omit';
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal;
}

/** What is needed of a `Response`. */
export type ClientResponse = Pick<Response, 'ok' | 'status'> & {
  readonly headers: Pick<Headers, 'get'>;
  json(): Promise<unknown>;
};

/** A request by its path. */
export interface PathOptions extends Common {
  readonly body?: unknown;
  /** Of a body that is not JSON. */
  readonly type?: string;
}

export interface Client {
  /**
   * Does one operation: `call('GET /v1/jobs/{id}', { params: { id } })`.
   *
   * @throws {RequestError} when it is refused, or no answer comes
   */
  call<K extends OperationKey>(operation: K, ...options: CallArguments<K>): Promise<CallAnswer<K>>;
  /** Asks part after part of a list that has `next`. @throws {RequestError} */
  pages<K extends PagedKey>(operation: K, ...options: CallArguments<K>): AsyncGenerator<CallAnswer<K>, void>;
  /** The same by its path, for who has one. @throws {RequestError} */
  request<const M extends Method | 'PATCH', const P extends string>(
    method: M,
    path: P,
    options?: PathOptions,
  ): Promise<AnswerAt<M, P>>;
}

type PagedKey = {
  [K in OperationKey]: CallAnswer<K> extends { readonly next?: string } ? K : never;
}[OperationKey];

interface AnyOptions extends PathOptions {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
}

export function createClient({ url, token, fetch = (...args) => globalThis.fetch(...args) }: ClientOptions): Client {
  const tokens: TokenSource | undefined =
    typeof token === 'string' ? { current: async () => token, renew: async () => token } : token;

  async function request(method: string, path: string, options: PathOptions = {}): Promise<unknown> {
    let response = await answerTo(method, path, options, await tokens?.current().catch(noToken));
    // The token may have ended early: one other is asked for, and the request sent once more.
    if (response.status === 401 && tokens !== undefined && typeof token !== 'string') {
      response = await answerTo(method, path, options, await tokens.renew().catch(noToken));
    }
    const answer = await answerOf(response);
    options.heard?.(response.headers);
    return answer;
  }

  async function answerTo(
    method: string,
    path: string,
    { body, type, headers, signal }: PathOptions,
    bearer: string | undefined,
  ): Promise<ClientResponse> {
    const sent: Record<string, string> = { accept: 'application/json', ...headers };
    if (bearer !== undefined) sent['authorization'] = `Bearer ${bearer}`;
    if (body !== undefined) sent['content-type'] = type ?? 'application/json';
    // A body with a type is text or bytes.
    const content = type === undefined ? JSON.stringify(body) : (body as string | Uint8Array<ArrayBuffer>);
    try {
      return await fetch(`${url}${path}`, {
        method,
        headers: sent,
        credentials: bearer === undefined ? 'same-origin' : 'omit',
        ...(body === undefined ? {} : { body: content }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      // Who gave up knows why.
      if (signal?.aborted === true) throw cause;
      const error = { code: 'client/unreachable', message: 'The collector does not answer.', retryable: true };
      throw new RequestError(0, error, cause);
    }
  }

  async function call(operation: string, { params = {}, query = {}, ...options }: AnyOptions = {}): Promise<unknown> {
    const [method = '', template = ''] = operation.split(' ');
    const path = template.replaceAll(/\{(\w+)\}/gu, (_, name: string) => encodeURIComponent(params[name] ?? ''));
    return request(method, `${path}${queryText(query)}`, options);
  }

  async function* pages(operation: string, options: AnyOptions = {}): AsyncGenerator<unknown, void> {
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const query = { ...options.query, ...(cursor === undefined ? {} : { cursor }) };
      const page = (await call(operation, { ...options, query })) as { readonly next?: string };
      yield page;
      cursor = page.next;
    }
  }

  // What the types promise the collector keeps: it checks with the same schemas, and its tests check its answers.
  return { request, call, pages } as Client;
}

async function answerOf(response: ClientResponse): Promise<unknown> {
  if (!response.ok) throw await errorOf(response);
  if (response.status === 204) return undefined;
  if (!/\bjson\b/u.test(response.headers.get('content-type') ?? '')) return response;
  return response.json().catch((cause: unknown) => {
    const error = { code: 'client/http', message: 'The answer was cut off, or is no JSON.', retryable: true };
    throw new RequestError(response.status, error, cause);
  });
}

function queryText(query: Readonly<Record<string, unknown>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined) parameters.append(name, String(each));
  }
  return parameters.size === 0 ? '' : `?${parameters}`;
}

function noToken(cause: unknown): never {
  const message = 'No token was given for who asks.';
  throw new RequestError(0, { code: 'client/token', message, retryable: true }, cause);
}
