import type { Alert, Anomaly, UnixMs } from '@tarsier/protocol';
import type { HostSummary } from '@tarsier/protocol/api';
import type { SourceError } from './source.ts';

/** A refused or failed request, in the collector's words where it said any. */
export class RequestError extends Error implements SourceError {
  readonly code: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly retryable: boolean;

  constructor(status: number, error: SourceError, cause?: unknown) {
    super(error.message, cause === undefined ? undefined : { cause });
    this.name = 'RequestError';
    this.status = status;
    this.code = error.code;
    this.retryable = error.retryable;
  }
}

export interface RestOptions {
  /** Where the collector is, no slash at the end; '' is the page's own origin. */
  readonly baseUrl: string;
  readonly token?: string | undefined;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

export interface Rest {
  /** Resolves when this page may ask. @throws {RequestError} */
  session(): Promise<void>;
  /** @throws {RequestError} as do all of these */
  hosts(): Promise<readonly HostSummary[]>;
  alerts(): Promise<readonly Alert[]>;
  anomalies(start: UnixMs, end: UnixMs): Promise<readonly Anomaly[]>;
}

export function createRest({ baseUrl, token, fetch }: RestOptions): Rest {
  async function get(path: string): Promise<Record<string, unknown>> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    let response: Response;
    try {
      response = await fetch(`${baseUrl}${path}`, {
        headers,
        credentials: token === undefined ? 'same-origin' : 'omit',
      });
    } catch (cause) {
      const error = { code: 'web/unreachable', message: 'The collector does not answer.', retryable: true };
      throw new RequestError(0, error, cause);
    }
    const body: unknown = await response.json().catch(() => undefined);
    if (!response.ok) throw new RequestError(response.status, errorOf(body, response.status));
    return isRecord(body) ? body : {};
  }

  // The bodies are the collector's own, validated where they were made; a wrong list becomes an empty one.
  return {
    session: async () => void (await get('/v1/session')),
    hosts: async () => listOf<HostSummary>((await get('/v1/hosts'))['hosts']),
    alerts: async () => listOf<Alert>((await get('/v1/alerts'))['alerts']),
    anomalies: async (start, end) =>
      listOf<Anomaly>((await get(`/v1/anomalies?start=${start / 1000}&end=${end / 1000}`))['anomalies']),
  };
}

function errorOf(body: unknown, status: number): SourceError {
  const error = isRecord(body) ? body['error'] : undefined;
  if (isRecord(error) && typeof error['code'] === 'string' && typeof error['message'] === 'string') {
    return { code: error['code'], message: error['message'], retryable: error['retryable'] === true };
  }
  return { code: 'web/http', message: `The collector answered with status ${status}.`, retryable: status >= 500 };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function listOf<T>(value: unknown): readonly T[] {
  return Array.isArray(value) ? value : [];
}
