import { errorMeanings, type TarsierError } from '@tarsier/protocol';
import { problemType, type Problem } from '@tarsier/protocol/api';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { LimitError, RetryLaterError } from '../limit-error.ts';
import type { AppEnv } from './app-env.ts';

/** Seconds after which a refused request may come again; for a limit until somebody has raised it or deleted a host. */
const retryAfterS: Readonly<Record<number, number>> = { 429: 60, 503: 2 };

/** By its code, else 503 for what may succeed later; what is a bad request by default is the client's fault. */
export function statusOf(error: TarsierError): ContentfulStatusCode {
  // A status of the table is one that has a body.
  const status = errorMeanings[error.code]?.status as ContentfulStatusCode | undefined;
  return status ?? (error.retryable ? 503 : 400);
}

/** Headers that say when to come again, where that helps. */
export function retryHeaders(status: number, error?: unknown): Record<string, string> {
  if (!(error instanceof LimitError)) {
    const seconds = error instanceof RetryLaterError ? Math.ceil(error.retryAfterMs / 1_000) : retryAfterS[status];
    return seconds === undefined ? {} : { 'retry-after': String(seconds) };
  }
  const { limit, rate } = error;
  const seconds = Math.ceil(error.retryAfterMs / 1_000);
  return {
    'retry-after': String(seconds),
    ...(rate === undefined
      ? {}
      : {
          'ratelimit-policy': `"${limit}";q=${rate.limit};w=${rate.windowS}`,
          ratelimit: `"${limit}";r=0;t=${seconds}`,
        }),
  };
}

/** A refusal as https://www.rfc-editor.org/rfc/rfc9457 has it. */
export function problemResponse(c: Context<AppEnv>, error: TarsierError): Response {
  const status = statusOf(error);
  const { code, field, retryable, message } = error;
  const body: Problem = {
    type: `/v1/docs#${code}`,
    title: errorMeanings[code]?.title ?? code,
    status,
    detail: message,
    code,
    ...(field === undefined ? {} : { field }),
    ...(error instanceof LimitError ? { limit: error.limit } : {}),
    retryable,
    requestId: c.get('requestId'),
  };
  return c.body(JSON.stringify(body), status, { 'content-type': problemType, ...retryHeaders(status, error) });
}
