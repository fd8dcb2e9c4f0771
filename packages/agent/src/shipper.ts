/** Sends what is in the spool, oldest first, until the collector has it. */
import { batchContentType, decodeEnvelope, describeError, withSchema } from '@tarsier/protocol';
import type { Log } from './log.ts';
import type { PostAnswer, Poster } from './post.ts';
import type { Clock } from './scheduler.ts';
import type { Spool, SpooledBatch } from './spool.ts';

export interface ShipStats {
  shipped: number;
  /** Refused for good, and not sent again. */
  refused: number;
  failures: number;
  lastShipAt: number | undefined;
  lastShipSeconds: number;
}

/** Where batches go, and as whom. */
export interface ShipTarget {
  readonly poster: Poster;
  readonly key: string;
  readonly tenant?: string | undefined;
}

export interface Shipper {
  readonly stats: ShipStats;
  start(): void;
  /** From the next try on, which is at once. */
  retarget(target: ShipTarget): void;
  /** There is a new batch. */
  wake(): void;
  /** Sends what is left, for at most so long, and ends. */
  stop(withinMs: number): Promise<void>;
}

export interface ShipperDeps extends ShipTarget {
  readonly spool: Pick<Spool, 'peek' | 'acknowledge' | 'schemaOf'>;
  /** The collector wants batches of this many seconds from now on. */
  readonly onFlushInterval: (seconds: number) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
}

/** What to do after an answer. */
export type Verdict =
  | { readonly kind: 'stored' }
  | { readonly kind: 'schema-wanted' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'later'; readonly why: string; readonly afterMs?: number };

const timeoutMs = 15_000;
const backoff = { firstMs: 500, longestMs: 30_000 } as const;
/** A key does not become valid within seconds. */
const unauthorisedMs = 30_000;

function headersFor({ key, tenant }: ShipTarget): Readonly<Record<string, string>> {
  return {
    authorization: `Bearer ${key}`,
    'content-type': batchContentType,
    ...(tenant === undefined ? {} : { 'tarsier-tenant': tenant }),
  };
}

/** docs/wire-format.md lists the answers. */
export function judge({ status, headers, text }: PostAnswer): Verdict {
  const why = `${status} ${text.slice(0, 300)}`;
  if (status >= 200 && status < 300) return { kind: 'stored' };
  if (status === 409) return { kind: 'schema-wanted' };
  if (status === 401 || status === 403) return { kind: 'later', why, afterMs: unauthorisedMs };
  // Neither a misdirected request nor a busy or broken collector is the batch's fault.
  if (status === 404 || status === 408 || status === 429 || status >= 500 || status < 400) {
    const seconds = Number(headers['retry-after']);
    return Number.isFinite(seconds) && seconds >= 0 && headers['retry-after'] !== undefined
      ? { kind: 'later', why, afterMs: seconds * 1000 }
      : { kind: 'later', why };
  }
  return { kind: 'refused', why };
}

/** Exponential with full jitter: agents that lost their collector together must not come back together. */
export function backoffMs(failures: number, random: () => number): number {
  return random() * Math.min(backoff.longestMs, backoff.firstMs * 2 ** Math.min(failures, 16));
}

export function createShipper({
  spool,
  onFlushInterval,
  clock,
  log,
  random = Math.random,
  ...target
}: ShipperDeps): Shipper {
  let { poster } = target;
  let headers = headersFor(target);
  const stats: ShipStats = { shipped: 0, refused: 0, failures: 0, lastShipAt: undefined, lastShipSeconds: 0 };
  let stopped = true;
  let failuresInARow = 0;
  let running: Promise<void> | undefined;
  let interrupt = (): void => {};
  const refusals = new Set<string>();

  async function send(bytes: Uint8Array): Promise<Verdict> {
    const began = clock.now();
    try {
      const answer = await poster.post(bytes, headers, timeoutMs);
      const verdict = judge(answer);
      if (verdict.kind === 'stored') {
        stats.lastShipAt = clock.now();
        stats.lastShipSeconds = (clock.now() - began) / 1000;
        const seconds = Number(answer.headers['tarsier-flush-interval']);
        if (seconds > 0) onFlushInterval(seconds);
      }
      return verdict;
    } catch (error) {
      return { kind: 'later', why: describeError(error) };
    }
  }

  async function sendWithSchema(batch: SpooledBatch): Promise<Verdict> {
    const first = await send(batch.bytes);
    if (first.kind !== 'schema-wanted') return first;
    const schema = await spool.schemaOf(decodeEnvelope(batch.bytes).schemaHash);
    if (schema === undefined)
      return { kind: 'refused', why: 'the collector wants a schema that is not in the spool any more' };
    const second = await send(withSchema(batch.bytes, schema));
    return second.kind === 'schema-wanted'
      ? { kind: 'refused', why: 'the collector does not take the schema' }
      : second;
  }

  /** @returns how long to wait before the next try, ms; 0 for none */
  async function ship(batch: SpooledBatch): Promise<number> {
    const verdict = await sendWithSchema(batch);
    switch (verdict.kind) {
      case 'stored':
        if (failuresInARow > 0) log.info('the collector takes batches again', { after: failuresInARow });
        failuresInARow = 0;
        stats.shipped++;
        await spool.acknowledge(batch);
        return 0;
      case 'later': {
        if (failuresInARow === 0) log.warn('a batch could not be sent; it stays in the spool', { why: verdict.why });
        stats.failures++;
        const wait = Math.max(backoffMs(failuresInARow++, random), verdict.afterMs ?? 0);
        return Math.max(1, wait);
      }
      case 'refused':
      case 'schema-wanted': {
        const why = verdict.kind === 'refused' ? verdict.why : 'schema';
        stats.refused++;
        // Once per reason: a wrong clock refuses every batch for the same one.
        const reason = why.replaceAll(/\d+/gu, '');
        if (!refusals.has(reason)) log.error('a batch was refused for good and is dropped', { why });
        refusals.add(reason);
        await spool.acknowledge(batch);
        return 0;
      }
    }
  }

  async function run(): Promise<void> {
    for (let batch = await spool.peek(); batch !== undefined && !stopped; batch = await spool.peek()) {
      const waitMs = await ship(batch);
      if (waitMs > 0) await pause(waitMs);
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, resolve);
      interrupt = () => {
        cancel();
        resolve();
      };
    });
  }

  function wake(): void {
    if (stopped) return;
    running ??= run()
      .catch((error: unknown) => log.error('shipping stopped', { why: describeError(error) }))
      .finally(() => {
        running = undefined;
      });
  }

  return {
    stats,
    start() {
      stopped = false;
      wake();
    },
    wake,
    retarget(next) {
      poster.close();
      ({ poster } = next);
      headers = headersFor(next);
      // What failed with the former key or address may not fail now.
      interrupt();
      wake();
    },
    async stop(withinMs) {
      wake();
      // What waits for its next try may have it now; then that is it.
      interrupt();
      const cancel = clock.after(withinMs, () => {
        stopped = true;
        interrupt();
        poster.close();
      });
      await running;
      cancel();
      stopped = true;
      poster.close();
    },
  };
}
