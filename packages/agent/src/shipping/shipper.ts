/** Sends what is in the spool until the collector has it. */
import {
  batchContentType,
  BatchError,
  decodeEnvelope,
  describeError,
  withSchema,
  type UnixMs,
} from '@tarsier/protocol';
import type { Dropped } from '../ledger/book.ts';
import type { Log } from '../log.ts';
import type { PostAnswer, Poster } from './post.ts';
import type { Clock } from '../scrape/clock.ts';
import type { Cut, Piece } from './split.ts';
import { readSamples } from '../spool/account.ts';
import type { Spool, SpooledBatch } from '../spool/contract.ts';
import { answeredAt, judge, type Verdict } from './verdict.ts';

export interface ShipStats {
  shipped: number;
  shippedBytes: number;
  /** Refused for good, and not sent again. */
  refused: number;
  /** Tries that failed and are repeated. */
  failures: number;
  /** Batches that were sent in halves. */
  split: number;
  /** Answers by status; `none` where there was no answer. */
  readonly answers: Map<string, number>;
  lastShipAt: UnixMs | undefined;
  lastShipSeconds: number;
  /** How far the collector's clock is ahead; 0 when it differs by less than what its answers tell. */
  clockAheadSeconds: number;
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
  readonly spool: Pick<Spool, 'peek' | 'acknowledge' | 'schemaOf' | 'noteSplit' | 'splitOf' | 'keepRefused'>;
  /** The collector wants batches of this many seconds from now on. */
  readonly onFlushInterval: (seconds: number) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
  /** For a whole answer. */
  readonly timeoutMs?: number;
}

/** A batch that is half sent. */
interface Partial {
  /** What is left. */
  readonly pieces: Piece[];
  /** What was refused. */
  readonly refused: Dropped[];
}

const backoff = { firstMs: 500, longestMs: 30_000 } as const;
/** The `date` of an answer tells seconds; less than this is no difference. */
const clockToleranceMs = 2_000;
/** From here on it is worth a log line: batches from the future are refused. */
const clockWarningSeconds = 60;
/** Batches that are half sent: the newest and the oldest one take turns. */
const mostPartial = 8;

function headersFor({ key, tenant }: ShipTarget): Readonly<Record<string, string>> {
  return {
    authorization: `Bearer ${key}`,
    'content-type': batchContentType,
    ...(tenant === undefined ? {} : { 'tarsier-tenant': tenant }),
  };
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
  timeoutMs = 15_000,
  ...target
}: ShipperDeps): Shipper {
  let { poster } = target;
  let headers = headersFor(target);
  const stats: ShipStats = {
    shipped: 0,
    shippedBytes: 0,
    refused: 0,
    failures: 0,
    split: 0,
    answers: new Map(),
    lastShipAt: undefined,
    lastShipSeconds: 0,
    clockAheadSeconds: 0,
  };
  let stopped = true;
  let failuresInARow = 0;
  let running: Promise<void> | undefined;
  let interrupt = (): void => {};
  /** What of a batch is still to be sent, where a part of it was. */
  const partial = new Map<string, Partial>();
  /** Said once per reason: a wrong clock refuses every batch for the same one. */
  const said = { refusals: new Set<string>(), failures: new Set<string>(), clock: false };

  function sayOnce(reasons: Set<string>, why: string, say: () => void): void {
    const reason = why.replaceAll(/\d+/gu, '');
    if (reasons.has(reason)) return;
    if (reasons.size < 100) reasons.add(reason);
    say();
  }

  function count(answer: string): void {
    stats.answers.set(answer, (stats.answers.get(answer) ?? 0) + 1);
  }

  async function send(bytes: Uint8Array): Promise<Verdict> {
    const began = clock.monotonic();
    let answer: PostAnswer;
    try {
      answer = await poster.post(bytes, headers, timeoutMs);
    } catch (error) {
      count('none');
      return { kind: 'later', why: describeError(error) };
    }
    count(String(answer.status));
    const verdict = judge(answer, clock.now());
    if (verdict.kind === 'stored') {
      stats.lastShipAt = clock.now();
      stats.lastShipSeconds = (clock.monotonic() - began) / 1000;
      stats.shippedBytes += bytes.byteLength;
      const seconds = Number(answer.headers['tarsier-flush-interval']);
      if (seconds > 0) onFlushInterval(seconds);
      compareClocks(answer);
    }
    return verdict;
  }

  function compareClocks({ headers }: PostAnswer): void {
    const theirs = answeredAt(headers);
    if (theirs === undefined) return;
    const aheadMs = theirs - clock.now();
    stats.clockAheadSeconds = Math.abs(aheadMs) < clockToleranceMs ? 0 : Math.round(aheadMs / 1000);
    const differ = Math.abs(stats.clockAheadSeconds) >= clockWarningSeconds;
    if (differ && !said.clock)
      log.warn('the clocks of this host and of the collector differ; are they set?', {
        collectorAheadSeconds: stats.clockAheadSeconds,
      });
    said.clock = differ;
  }

  /** @returns also the schema that had to go along */
  async function sendPiece({
    bytes,
    schema,
  }: Piece): Promise<{ verdict: Exclude<Verdict, { kind: 'schema-wanted' }>; sentSchema?: Uint8Array }> {
    const first = await send(bytes);
    if (first.kind !== 'schema-wanted') return { verdict: first };
    const sentSchema = schema?.bytes ?? (await spool.schemaOf(decodeEnvelope(bytes).schemaHash));
    if (sentSchema === undefined)
      return { verdict: { kind: 'refused', why: 'the collector wants a schema that is not in the spool any more' } };
    const second = await send(withSchema(bytes, sentSchema));
    if (second.kind !== 'schema-wanted') return { verdict: second, sentSchema };
    return { verdict: { kind: 'refused', why: 'the collector does not take the schema' } };
  }

  async function halvesOf(piece: Piece, cut: Cut): Promise<readonly Piece[]> {
    const { halve } = await import('./split.ts');
    const schema = piece.schema?.bytes ?? (await spool.schemaOf(decodeEnvelope(piece.bytes).schemaHash));
    return halve(piece, cut, schema ?? new Uint8Array());
  }

  /** @returns how long to wait before the next try, ms; 0 for none */
  async function ship(batch: SpooledBatch): Promise<number> {
    const name = nameOf(batch.bytes);
    const begun = partial.get(name) ?? { pieces: [{ bytes: batch.bytes }], refused: [] };
    const { pieces, refused } = begun;
    partial.delete(name);
    let stored = false;
    for (let [piece] = pieces; piece !== undefined; [piece] = pieces) {
      const cut = spool.splitOf(nameOf(piece.bytes));
      if (cut === 'rows' || cut === 'series') {
        pieces.splice(0, 1, ...(await halvesOf(piece, cut)));
        continue;
      }
      const { verdict, sentSchema } = await sendPiece(piece);
      if (verdict.kind === 'later') {
        if (pieces.length > 1 || piece.bytes !== batch.bytes) keepPartial(name, begun);
        return retryAfter(verdict);
      }
      if (verdict.kind === 'too-large' && (await split(piece, sentSchema))) continue;
      pieces.shift();
      if (verdict.kind === 'stored') stored = true;
      else {
        await refuse(piece, verdict.why);
        const code = verdict.kind === 'refused' ? verdict.code : undefined;
        refused.push({ reason: code ?? verdict.kind, samples: readSamples(piece.bytes) ?? 0 });
      }
    }
    if (stored) stats.shipped++;
    if (failuresInARow > 0) log.info('the collector answers again', { after: failuresInARow });
    failuresInARow = 0;
    said.failures.clear();
    await spool.acknowledge(batch, refused);
    return 0;
  }

  /** A batch that this version can't read would stop all others. */
  async function shipOrRefuse(batch: SpooledBatch): Promise<number> {
    try {
      return await ship(batch);
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      await refuse(batch, describeError(error));
      await spool.acknowledge(batch, { all: error.code });
      return 0;
    }
  }

  /** Noted before a half is sent: after a crash the batch must not go out whole once a part of it is stored. */
  async function split({ bytes }: Piece, sentSchema: Uint8Array | undefined): Promise<boolean> {
    const { cutFor } = await import('./split.ts');
    const cut = cutFor(bytes, sentSchema);
    if (cut === undefined) return false;
    if (stats.split++ === 0)
      log.info('a batch is too large for the collector and goes in halves', { bytes: bytes.byteLength, cut });
    await spool.noteSplit(nameOf(bytes), cut);
    return true;
  }

  function keepPartial(name: string, begun: Partial): void {
    const [first] = partial.keys();
    // Sent again from its start then, and stored once all the same.
    if (partial.size >= mostPartial && first !== undefined) partial.delete(first);
    partial.set(name, begun);
  }

  function retryAfter({ why, afterMs = 0 }: Verdict & { readonly kind: 'later' }): number {
    sayOnce(said.failures, why, () => log.warn('a batch could not be sent; it stays in the spool', { why }));
    stats.failures++;
    return Math.max(1, afterMs + backoffMs(failuresInARow++, random));
  }

  async function refuse({ bytes }: Pick<Piece, 'bytes'>, why: string): Promise<void> {
    stats.refused++;
    sayOnce(said.refusals, why, () => log.error('a batch was refused for good and is dropped', { why }));
    await spool.keepRefused(bytes, { at: new Date(clock.now()).toISOString(), why });
  }

  async function run(): Promise<void> {
    for (let batch = await spool.peek(); batch !== undefined && !stopped; batch = await spool.peek()) {
      const waitMs = await shipOrRefuse(batch);
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

function nameOf(batch: Uint8Array): string {
  const { epoch, seq } = decodeEnvelope(batch);
  return `${epoch}/${seq}`;
}
