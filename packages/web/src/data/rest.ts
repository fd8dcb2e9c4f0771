import type { Alert, Anomaly, AnomalyEvent, UnixMs } from '@tarsier/protocol';
import type { HostSummary } from '@tarsier/protocol/api';
import type { SourceError } from './source.ts';
import type { TokenKeeper } from './token-keeper.ts';

/** A refused or failed request, in the collector's words where it said any. */
export class RequestError extends Error implements SourceError {
  readonly code: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly retryable: boolean;
  /** When to come again, seconds from then; undefined where nobody said. */
  readonly retryAfterS: number | undefined;

  constructor(status: number, error: SourceError, cause?: unknown, retryAfterS?: number) {
    super(error.message, cause === undefined ? undefined : { cause });
    this.name = 'RequestError';
    this.status = status;
    this.code = error.code;
    this.retryable = error.retryable;
    this.retryAfterS = retryAfterS;
  }
}

export interface RestOptions {
  /** Where the collector is, no slash at the end; '' is the page's own origin. */
  readonly baseUrl: string;
  /** Absent where the session cookie says who we are. */
  readonly tokens?: Pick<TokenKeeper, 'current' | 'renew'> | undefined;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/** The collector's REST API, by path. */
export interface Api {
  /** @returns the body as JSON; the caller knows its shape. @throws {RequestError} */
  get(path: string, signal?: AbortSignal): Promise<unknown>;
  /** @returns the answer's body; undefined when it has none. @throws {RequestError} */
  send(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
}

export interface Rest extends Api {
  /** Resolves when this page may ask. @throws {RequestError} */
  session(): Promise<void>;
  /** @throws {RequestError} as do all of these */
  hosts(): Promise<readonly HostSummary[]>;
  alerts(): Promise<readonly Alert[]>;
  anomalies(start: UnixMs, end: UnixMs): Promise<readonly Anomaly[]>;
  events(start: UnixMs, end: UnixMs): Promise<readonly AnomalyEvent[]>;
}

export function createRest({ baseUrl, tokens, fetch }: RestOptions): Rest {
  async function request(path: string, init: RequestInit): Promise<unknown> {
    const response = await answerTo(path, init, await tokens?.current().catch(noToken));
    // The token may have ended early: one other is asked for, and the request sent once more.
    if (response.status === 401 && tokens !== undefined) {
      return bodyOf(await answerTo(path, init, await tokens.renew().catch(noToken)));
    }
    return bodyOf(response);
  }

  async function answerTo(path: string, init: RequestInit, token: string | undefined): Promise<Response> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    if (init.body !== undefined) headers['content-type'] = 'application/json';
    try {
      return await fetch(`${baseUrl}${path}`, {
        ...init,
        headers,
        credentials: token === undefined ? 'same-origin' : 'omit',
      });
    } catch (cause) {
      // Who gave up knows why.
      if (init.signal?.aborted === true) throw cause;
      const error = { code: 'web/unreachable', message: 'The collector does not answer.', retryable: true };
      throw new RequestError(0, error, cause);
    }
  }

  async function bodyOf(response: Response): Promise<unknown> {
    const body: unknown = await response.json().catch(() => undefined);
    if (!response.ok) {
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      const retryAfterS = Number.isFinite(seconds) ? seconds : undefined;
      throw new RequestError(response.status, errorOf(body, response.status), undefined, retryAfterS);
    }
    return body;
  }

  const get: Api['get'] = (path, signal) => request(path, signal === undefined ? {} : { signal });

  // The bodies are the collector's own, validated where they were made; a wrong list becomes an empty one.
  async function list<T>(path: string, key: string): Promise<readonly T[]> {
    const body = await get(path);
    const value = isRecord(body) ? body[key] : undefined;
    return Array.isArray(value) ? value : [];
  }

  const between = (start: UnixMs, end: UnixMs): string => `start=${start / 1000}&end=${end / 1000}`;

  return {
    get,
    send: (method, path, body) =>
      request(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }),
    async session() {
      const session = await get('/v1/session');
      if (!isRecord(session) || session['scope'] !== 'none') return;
      // Nothing is shown to who lacks what the tenant wants: as good as signed out.
      const message = 'This tenant wants a second factor.';
      throw new RequestError(401, { code: 'auth/needs-second-factor', message, retryable: false });
    },
    hosts: () => list<HostSummary>('/v1/hosts', 'hosts'),
    alerts: () => list<Alert>('/v1/alerts', 'alerts'),
    anomalies: (start, end) => list<Anomaly>(`/v1/anomalies?${between(start, end)}`, 'anomalies'),
    events: (start, end) => list<AnomalyEvent>(`/v1/anomalies/events?${between(start, end)}`, 'events'),
  };
}

/** Of a problem (RFC 9457), as the collector answers refusals. */
function noToken(cause: unknown): never {
  const message = 'The page did not get a token for its visitor.';
  throw new RequestError(0, { code: 'web/token', message, retryable: true }, cause);
}

function errorOf(body: unknown, status: number): SourceError {
  // As Prometheus's API says it.
  if (isRecord(body) && typeof body['error'] === 'string' && typeof body['errorType'] === 'string') {
    return { code: `query/${body['errorType']}`, message: body['error'], retryable: status >= 500 };
  }
  if (isRecord(body) && typeof body['code'] === 'string' && typeof body['detail'] === 'string') {
    return { code: body['code'], message: body['detail'], retryable: body['retryable'] === true };
  }
  return { code: 'web/http', message: `The collector answered with status ${status}.`, retryable: status >= 500 };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
