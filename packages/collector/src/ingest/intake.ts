/**
 * How many batches are worked on at once, and whose is next. One that waits is not read yet: it is a connection, and no
 * memory. Tenants take turns, so that one that sends more than there is time for waits behind itself alone.
 */
import { RetryLaterError } from '../limit-error.ts';

export interface Intake {
  /**
   * Resolves when it is this one's turn: to read it, and then to work on it.
   *
   * @throws {RetryLaterError} `ingest/busy` when it is not its turn in time, would not be, or too many of its tenant's wait
   */
  enter(tenantId: number, signal?: AbortSignal): Promise<Turn>;
  /** Refuses those that wait, and all that come later, with that error: the collector stops. */
  release(error: Error): void;
}

export interface Turn {
  /** All of it is here. How long that took is the sender's pace, and not this collector's. */
  read(): void;
  /** It is done with. */
  leave(): void;
}

export interface IntakeLimits {
  /**
   * Worked on at once, of all tenants. One may have no more of them than are free: whatever holds them up, such as bodies
   * that are sent a byte at a time, there is room left for the next tenant.
   */
  readonly atOnce: number;
  /** Waiting, of all tenants; each that has some may have its part of them. */
  readonly mostWaiting: number;
  /**
   * Less than agents wait for an answer. Who would wait longer, at the pace of late, is refused at once: a batch that is
   * stored after its agent gave up is sent again, and the work was for nothing.
   */
  readonly waitMs: number;
}

/**
 * Whether a tenant may have one more read while others are there, too: each is work that nothing interrupts.
 *
 * @param onFree  called once it is read, or takes long: another may try
 * @returns to be called when it is read; undefined while it may not
 */
export type TryRead = (tenantId: number, onFree: () => void) => (() => void) | undefined;

const usual: IntakeLimits = { atOnce: 512, mostWaiting: 32_768, waitMs: 8_000 };
/** Worked on at once however slow it goes: fewer would go slower. */
const fewestAtOnce = 32;
/** What is worked on should be done within so long. */
const workMs = 1_000;
/** The pace is measured over so long, while somebody waits. */
const paceMs = 500;
/** Once nobody has waited for so long the next one need not be as slow. */
const paceGoodForMs = 30_000;
const sweepMs = 250;
/** Longest that a refused agent is told to stay away. */
const mostAwayMs = 30_000;

interface Waiting {
  readonly since: number;
  readonly signal: AbortSignal | undefined;
  readonly begin: (turn: Turn) => void;
  readonly refuse: (error: Error) => void;
}

interface Queue {
  readonly waiting: Waiting[];
  /** The first that waits: those before are gone. */
  first: number;
}

/** @param monotonic  ms */
export function createIntake(
  limits: Partial<IntakeLimits> = {},
  monotonic = () => performance.now(),
  tryRead: TryRead = () => () => {},
): Intake {
  const { atOnce, mostWaiting, waitMs } = { ...usual, ...limits };
  /** Of tenants with some that wait, in the order of their turns. */
  const queues = new Map<number, Queue>();
  const activeOf = new Map<number, number>();
  let active = 0;
  /** Of those, the ones that are still on their way here. */
  let reading = 0;
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  let released: Error | undefined;
  /** Batches that were done with in a millisecond, of late. */
  let pace: { readonly perMs: number; readonly at: number } | undefined;
  /** What was done since somebody began to wait, or since the pace was taken. */
  let stretch: { readonly since: number; done: number } | undefined;

  const paceNow = (): number | undefined =>
    pace !== undefined && monotonic() - pace.at < paceGoodForMs ? pace.perMs : undefined;

  function mayBegin(tenantId: number): boolean {
    const own = activeOf.get(tenantId) ?? 0;
    const most = Math.max(fewestAtOnce, (paceNow() ?? Number.POSITIVE_INFINITY) * workMs);
    return own < atOnce - active && (own === 0 || active - reading < most);
  }

  function noteDone(): void {
    const now = monotonic();
    // Only while there is enough to do is what is done all that can be done.
    if (count === 0 || active - reading < fewestAtOnce - 1) {
      stretch = undefined;
      return;
    }
    stretch ??= { since: now, done: 0 };
    stretch.done++;
    const tookMs = now - stretch.since;
    if (tookMs < paceMs) return;
    const last = stretch.done / tookMs;
    pace = { perMs: ((paceNow() ?? last) + last) / 2, at: now };
    stretch = { since: now, done: 0 };
  }

  /** Until a tenant's next one would be done with, ms: tenants take turns. */
  function expectedMs({ waiting, first }: Queue, tenants: number): number {
    const perMs = paceNow();
    return perMs === undefined ? 0 : ((waiting.length - first) * tenants + active - reading) / perMs;
  }

  const beginAll = (): void => {
    while (beginNext());
  };

  function tryBegin(tenantId: number): Turn | undefined {
    const isRead = mayBegin(tenantId) ? tryRead(tenantId, beginAll) : undefined;
    if (isRead === undefined) return undefined;
    active++;
    reading++;
    activeOf.set(tenantId, (activeOf.get(tenantId) ?? 0) + 1);
    const read = once(() => {
      reading--;
      isRead();
    });
    return {
      read,
      leave: once(() => {
        read();
        active--;
        noteDone();
        const left = (activeOf.get(tenantId) ?? 0) - 1;
        if (left > 0) activeOf.set(tenantId, left);
        else activeOf.delete(tenantId);
        beginAll();
      }),
    };
  }

  function shift(tenantId: number, queue: Queue): Waiting | undefined {
    const one = queue.waiting[queue.first++];
    if (one !== undefined) count--;
    queues.delete(tenantId);
    // Behind the others, if there is more of it.
    if (queue.first >= queue.waiting.length) return one;
    if (queue.first > 1_024) {
      queue.waiting.splice(0, queue.first);
      queue.first = 0;
    }
    queues.set(tenantId, queue);
    return one;
  }

  /** @returns false when none waits that may begin */
  function beginNext(): boolean {
    for (const [tenantId, queue] of queues) {
      const next = queue.waiting[queue.first];
      if (next?.signal?.aborted === true) {
        // Who gave up meanwhile is not worked for; but its request must end.
        shift(tenantId, queue)?.refuse(overloaded(waitMs));
        return true;
      }
      const turn = tryBegin(tenantId);
      if (turn === undefined) continue;
      shift(tenantId, queue)?.begin(turn);
      return true;
    }
    return false;
  }

  /** Of each tenant the first has waited longest. */
  function sweep(): void {
    const before = monotonic() - waitMs;
    for (const [tenantId, queue] of [...queues]) {
      for (let [one] = queue.waiting.slice(queue.first, queue.first + 1); one !== undefined && one.since <= before;) {
        shift(tenantId, queue)?.refuse(overloaded(waitMs));
        one = queue.waiting[queue.first];
      }
    }
    // Whether others are there changes with time alone.
    beginAll();
    if (count > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    release(error) {
      released = error;
      for (const [tenantId, queue] of queues) while (queues.has(tenantId)) shift(tenantId, queue)?.refuse(error);
    },
    enter(tenantId, signal) {
      if (released !== undefined) return Promise.reject(released);
      const turn = queues.has(tenantId) ? undefined : tryBegin(tenantId);
      if (turn !== undefined) return Promise.resolve(turn);
      const queue = queues.get(tenantId) ?? { waiting: [], first: 0 };
      const tenants = queues.has(tenantId) ? queues.size : queues.size + 1;
      const part = mostWaiting / tenants;
      const expected = expectedMs(queue, tenants);
      if (expected > waitMs) return Promise.reject(overloaded(Math.min(mostAwayMs, expected)));
      if (count >= mostWaiting / 2 && queue.waiting.length - queue.first >= part / 2) {
        return Promise.reject(overloaded(mostAwayMs * Math.min(1, count / mostWaiting)));
      }
      return new Promise((resolve, refuse) => {
        queue.waiting.push({ since: monotonic(), signal, begin: resolve, refuse });
        queues.set(tenantId, queue);
        count++;
        timer ??= setInterval(sweep, sweepMs).unref();
      });
    },
  };
}

function once(run: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) run();
    isDone = true;
  };
}

function overloaded(afterMs: number): RetryLaterError {
  return new RetryLaterError('ingest/busy', 'more batches come than are stored; send it again later', afterMs);
}
