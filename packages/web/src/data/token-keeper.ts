/** A token that a page shows to the collector, renewed before it ends. It lives in memory only. */
import { reconnectDelayMs } from './backoff.ts';

/** Asks the page's own server for a token, anew each time. */
export type GetToken = () => Promise<string>;

export interface TokenKeeper {
  /** The token; waits for the first one. @throws what {@link GetToken} threw, when there has been none yet */
  current(): Promise<string>;
  /** Another one, as after a 401. Those who ask together get the same. */
  renew(): Promise<string>;
  /** Tells when there is a newer token. @returns ends the telling */
  subscribe(listener: (token: string) => void): () => void;
  /** To be called when the page is back: a renewal that failed or slept is done at once. */
  wake(): void;
  stop(): void;
}

export interface TokenKeeperDeps {
  readonly getToken: GetToken;
  /** Monotonic, ms: a browser's clock may be minutes off. */
  readonly monotonic?: () => number;
  readonly random?: () => number;
}

/** Of a token that does not say how long it is good. */
const assumedLifetimeMs = 600_000;
/** A renewal comes when so much of the life is over, less up to a tenth, so that many pages do not ask at once. */
const renewAt = 0.8;
const jitter = 0.1;
/** A callback that hangs is given up. */
const answerWithinMs = 30_000;

export function createTokenKeeper({
  getToken,
  monotonic = () => performance.now(),
  random = Math.random,
}: TokenKeeperDeps): TokenKeeper {
  const listeners = new Set<(token: string) => void>();
  let held: { readonly token: string; readonly renewAfter: number } | undefined;
  let pending: Promise<string> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let stopped = false;

  function arm(waitMs: number): void {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(() => void renew().catch(() => undefined), waitMs);
  }

  async function fetchToken(): Promise<string> {
    try {
      const token = await withTimeout(getToken(), answerWithinMs);
      const lifetimeMs = lifetimeOf(token) ?? assumedLifetimeMs;
      const waitMs = lifetimeMs * (renewAt - random() * jitter);
      held = { token, renewAfter: monotonic() + waitMs };
      failures = 0;
      arm(waitMs);
      if (!stopped) for (const listener of [...listeners]) listener(token);
      return token;
    } catch (error) {
      failures++;
      arm(reconnectDelayMs(failures, random()));
      throw error;
    } finally {
      pending = undefined;
    }
  }

  function renew(): Promise<string> {
    pending ??= fetchToken();
    return pending;
  }

  return {
    current: () => (held === undefined ? renew() : Promise.resolve(held.token)),
    renew,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    wake() {
      // A timer does not run while a laptop sleeps.
      if (!stopped && (failures > 0 || (held !== undefined && monotonic() >= held.renewAfter))) arm(0);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      listeners.clear();
    },
  };
}

/** How long a JWT is good, by its own two times, both of the collector's clock; undefined when it does not say. */
export function lifetimeOf(token: string): number | undefined {
  const [, payload] = token.split('.');
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    if (typeof claims !== 'object' || claims === null || !('exp' in claims) || !('iat' in claims)) return undefined;
    const ms = (Number(claims.exp) - Number(claims.iat)) * 1000;
    return ms > 0 ? ms : undefined;
  } catch {
    return undefined;
  }
}

async function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`the token did not come within ${ms / 1000} s`)), ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A token from an address of the page's own server. It answers `{ "token": "…" }`, as the collector does, or the token
 * alone.
 */
export function tokenFromUrl(url: string, fetch: (url: string, init: RequestInit) => Promise<Response>): GetToken {
  return async () => {
    const response = await fetch(url, { credentials: 'same-origin', cache: 'no-store' });
    if (!response.ok) throw new Error(`${url} answered with status ${response.status}`);
    const text = await response.text();
    if (!text.trimStart().startsWith('{')) return text.trim();
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && 'token' in body && typeof body.token === 'string')
      return body.token;
    throw new Error(`${url}: expected { "token": "…" }`);
  };
}
