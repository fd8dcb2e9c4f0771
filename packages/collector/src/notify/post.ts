import { describeError, type UnixMs } from '@tarsier/protocol';
import type { Egress } from './egress/egress.ts';
import { SendError, type HttpRequest } from './sending.ts';

export interface PostDeps {
  readonly egress: Pick<Egress, 'post'>;
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
  { egress, now, timeoutMs }: PostDeps,
  id: string,
  { url, headers = {}, body }: HttpRequest,
): Promise<void> {
  const sent = { headers: { 'user-agent': 'tarsier', 'idempotency-key': id, ...headers }, body, timeoutMs };
  const { status, retryAfter } = await egress.post(url, sent).catch((cause: unknown) => {
    throw new SendError(`${originOf(url)} gave no answer: ${describeError(cause)}`, { cause });
  });
  if (status >= 200 && status < 300) return;
  throw new SendError(`${originOf(url)} answered ${status}`, {
    permanent: permanent.has(status),
    retryAfterMs: retryAfterMs(retryAfter, now()),
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
