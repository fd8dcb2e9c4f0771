import { describeError, type UnixMs } from '@tarsier/protocol';
import { SendError, type HttpRequest } from './sending.ts';

export interface PostDeps {
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => UnixMs;
  readonly timeoutMs: number;
}

/** The receiver has read it and does not want it: the same again changes nothing. Other refusals somebody may mend. */
const permanent: ReadonlySet<number> = new Set([400, 410, 413, 422]);
const longestWishMs = 3_600_000;

/**
 * Posts one notification. Redirects are not followed: the address is the one that somebody entered.
 *
 * @param id  goes as `idempotency-key`: a receiver may get a notification again, and can tell by it
 * @throws {SendError} when there is no answer in time, or another one than 2xx
 */
export async function post(
  { fetch, now, timeoutMs }: PostDeps,
  id: string,
  { url, headers = {}, body }: HttpRequest,
): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
    headers: { 'user-agent': 'tarsier', 'idempotency-key': id, ...headers },
    body,
  }).catch((cause: unknown) => {
    throw new SendError(`${originOf(url)} gave no answer: ${describeError(cause)}`, { cause });
  });
  // The answer's body says nothing; an endless one must not be read.
  await response.body?.cancel();
  if (response.ok) return;
  throw new SendError(`${originOf(url)} answered ${response.status}`, {
    permanent: permanent.has(response.status),
    retryAfterMs: retryAfterMs(response.headers.get('retry-after'), now()),
  });
}

/** The path may hold a token. */
function originOf(url: string): string {
  return new URL(url).origin;
}

/** Seconds, or a date; at most an hour. */
function retryAfterMs(text: string | null, now: UnixMs): number {
  if (text === null) return 0;
  const ms = /^\d+$/u.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), longestWishMs);
}
