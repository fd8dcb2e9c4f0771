import {
  createClient,
  RequestError,
  type AnswerAt,
  type Client,
  type ClientOptions,
  type TokenSource,
} from '@tarsier/protocol/client';
import type { Alert, Anomaly, AnomalyEvent, UnixMs } from '@tarsier/protocol';
import type { HostSummary } from '@tarsier/protocol/api';
import { withinView } from './view-token.ts';

export { RequestError } from '@tarsier/protocol/client';

/** The collector's REST API, by path: the compiler knows what each answers. @throws {RequestError} as do all of these */
export interface Api {
  /** @param heard  gets what the answer says besides, such as its etag */
  get<const P extends string>(
    path: P,
    signal?: AbortSignal,
    heard?: (headers: Pick<Headers, 'get'>) => void,
  ): Promise<AnswerAt<'GET', P>>;
  send<const M extends 'POST' | 'PUT' | 'PATCH' | 'DELETE', const P extends string>(
    method: M,
    path: P,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<AnswerAt<M, P>>;
}

export interface Rest extends Api {
  readonly call: Client['call'];
  /** Resolves when this page may ask. */
  session(): Promise<void>;
  hosts(): Promise<readonly HostSummary[]>;
  alerts(): Promise<readonly Alert[]>;
  anomalies(start: UnixMs, end: UnixMs): Promise<readonly Anomaly[]>;
  events(start: UnixMs, end: UnixMs): Promise<readonly AnomalyEvent[]>;
}

interface RestOptions extends Required<Pick<ClientOptions, 'fetch'>> {
  /** Where the collector is, no slash at the end; '' is the page's own origin. */
  readonly baseUrl: string;
  /** Absent where the session cookie says who we are. */
  readonly tokens?: TokenSource | undefined;
}

export function createRest({ baseUrl: url, tokens: token, fetch }: RestOptions): Rest {
  const { call, request } = createClient({ url, token, fetch: withinView(url, fetch) });
  const between = (start: UnixMs, end: UnixMs) => ({ query: { start: `${start / 1000}`, end: `${end / 1000}` } });
  return {
    call,
    get: (path, signal, heard) =>
      request('GET', path, { ...(signal === undefined ? {} : { signal }), ...(heard === undefined ? {} : { heard }) }),
    send: (method, path, body, headers = {}) =>
      request(method, path, { headers, ...(body === undefined ? {} : { body }) }),
    async session() {
      if ((await call('GET /v1/session')).scope !== 'none') return;
      // Nothing is shown to who lacks what the tenant wants: as good as signed out.
      const message = 'This tenant wants a second factor.';
      throw new RequestError(401, { code: 'auth/needs-second-factor', message, retryable: false });
    },
    hosts: async () => (await call('GET /v1/hosts')).hosts,
    alerts: async () => (await call('GET /v1/alerts')).alerts,
    anomalies: async (start, end) => (await call('GET /v1/anomalies', between(start, end))).anomalies,
    events: async (start, end) => (await call('GET /v1/anomalies/events', between(start, end))).events,
  };
}
