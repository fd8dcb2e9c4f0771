import type { ClientResponse } from './client.ts';

/** A refused or failed request, in the collector's words where it said any. */
export class RequestError extends Error {
  /** As in docs/errors.md; `client/…` from this side. */
  readonly code: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly retryable: boolean;
  /** When to come again, seconds from then; undefined where nobody said. */
  readonly retryAfterS: number | undefined;

  constructor(status: number, error: Problem, cause?: unknown, retryAfterS?: number) {
    super(error.message, cause === undefined ? undefined : { cause });
    this.name = 'RequestError';
    this.status = status;
    this.code = error.code;
    this.retryable = error.retryable;
    this.retryAfterS = retryAfterS;
  }
}

interface Problem {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

/** Of a problem (RFC 9457), or of Prometheus's API. */
export async function errorOf(response: ClientResponse): Promise<RequestError> {
  const { status } = response;
  const body: unknown = await response.json().catch(() => undefined);
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new RequestError(status, problemOf(body, status), undefined, Number.isFinite(seconds) ? seconds : undefined);
}

function problemOf(body: unknown, status: number): Problem {
  if (isRecord(body) && typeof body['error'] === 'string' && typeof body['errorType'] === 'string') {
    return { code: `query/${body['errorType']}`, message: body['error'], retryable: status >= 500 };
  }
  if (isRecord(body) && typeof body['code'] === 'string' && typeof body['detail'] === 'string') {
    return { code: body['code'], message: body['detail'], retryable: body['retryable'] === true };
  }
  return { code: 'client/http', message: `The collector answered with status ${status}.`, retryable: status >= 500 };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
