/** What an answer of the collector means for the batch that was sent. docs/wire-format.md lists the answers. */
import type { UnixMs } from '@tarsier/protocol';
import type { PostAnswer } from './post.ts';

export type Verdict =
  | { readonly kind: 'stored' }
  | { readonly kind: 'schema-wanted' }
  | { readonly kind: 'too-large'; readonly why: string }
  /** For good: sending it again can't help. @property code  of the problem, as in docs/errors.md */
  | { readonly kind: 'refused'; readonly why: string; readonly code?: string }
  /** @property afterMs  not before so long */
  | { readonly kind: 'later'; readonly why: string; readonly afterMs?: number };

/** A key or an address does not become right within seconds. */
const misconfiguredMs = 30_000;
/** Nobody means to be left alone for longer: rather a clock is wrong. */
const longestRetryAfterMs = 3_600_000;

export function judge({ status, headers, text }: PostAnswer, now: UnixMs): Verdict {
  const problem = problemOf(text);
  // Without what names this one request: the same reason is told of once.
  const why = `${status} ${problem?.text ?? text.slice(0, 300)}`.trimEnd();
  switch (status) {
    case 204:
      return { kind: 'stored' };
    case 409:
      return { kind: 'schema-wanted' };
    case 413:
      return { kind: 'too-large', why };
    case 401:
    case 403:
      return { kind: 'later', why, afterMs: misconfiguredMs };
    default:
  }
  if (status >= 300 && status < 400) {
    const to = headers['location'] === undefined ? 'elsewhere' : `to ${String(headers['location'])}`;
    const redirect = `${status}, a redirect ${to}, which is not followed: the key would go along. Set url to the collector itself`;
    return { kind: 'later', why: redirect, afterMs: misconfiguredMs };
  }
  if (status < 300) {
    const wrong = `${status} instead of 204: url leads to something else than a collector`;
    return { kind: 'later', why: wrong, afterMs: misconfiguredMs };
  }
  // Only the collector itself can tell that a batch is wrong. What stands in between knows nothing of batches, and a
  // busy or broken collector is not the batch's fault.
  if (status < 500 && status !== 429 && problem?.retryable === false)
    return { kind: 'refused', why, code: problem.code };
  const afterMs = retryAfterMs(headers, now);
  return afterMs === undefined ? { kind: 'later', why } : { kind: 'later', why, afterMs };
}

/** What the collector itself refuses with: a problem of RFC 9457 with a code. */
export function problemOf(
  text: string,
): { readonly text: string; readonly code: string; readonly retryable: boolean } | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    const [code, detail] = [field(answer, 'code'), field(answer, 'detail')];
    if (typeof code !== 'string' || typeof detail !== 'string') return undefined;
    return { text: `${code}: ${detail}`.slice(0, 300), code, retryable: field(answer, 'retryable') === true };
  } catch {
    return undefined;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** Seconds, or an HTTP date (RFC 9110, 10.2.3), which is read against the answer's own clock where it tells it. */
function retryAfterMs(headers: PostAnswer['headers'], now: UnixMs): number | undefined {
  const value = headers['retry-after'];
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - (answeredAt(headers) ?? now);
  return Number.isNaN(ms) ? undefined : Math.min(longestRetryAfterMs, Math.max(0, ms));
}

/** What the collector's clock said, to the second. */
export function answeredAt(headers: PostAnswer['headers']): UnixMs | undefined {
  const time = Date.parse(String(headers['date']));
  return Number.isNaN(time) ? undefined : time;
}
