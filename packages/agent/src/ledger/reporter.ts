/** Tells the collector the agent's account, so that the two can be compared: docs/reliability.md. */
import { describeError, type UnixMs } from '@tarsier/protocol';
import { RequestError } from '@tarsier/protocol/client';
import type { Log } from '../log.ts';
import type { Clock } from '../scrape/clock.ts';
import { clientOver } from '../shipping/client-over.ts';
import type { Poster } from '../shipping/post.ts';
import { hourMs, hourOf, type LedgerBook } from './book.ts';

export interface LedgerTarget {
  /** To where this host's account is put. */
  readonly poster: Poster;
  readonly key: string;
  readonly host: string;
}

export interface LedgerReporter {
  start(): void;
  retarget(target: LedgerTarget): void;
  /** Tells a last time, within so long, and ends. */
  stop(withinMs: number): Promise<void>;
}

const everyMs = 60_000;
const timeoutMs = 10_000;
/** Most rows of one report. */
const mostRows = 200;

/** @param accounted  resolves to a time before which everything that was taken is in the book */
export function createLedgerReporter({
  book,
  accounted,
  clock,
  log,
  ...first
}: LedgerTarget & {
  readonly book: LedgerBook;
  readonly accounted: () => Promise<UnixMs>;
  readonly clock: Clock;
  readonly log: Log;
}): LedgerReporter {
  let target: LedgerTarget = first;
  let reported = 0;
  let reportedThrough = 0;
  let cancel = (): void => {};
  let running: Promise<void> = Promise.resolve();

  async function report(withinMs: number): Promise<void> {
    const through = await accounted();
    const { poster, key, host } = target;
    const client = clientOver(poster, key, withinMs);
    const { rows, revision } = book.changes(reported);
    // An hour that is over is told of once more, so that the collector knows that it is.
    if (rows.length === 0 && hourOf(through) === hourOf(reportedThrough)) return;
    for (let at = 0; at === 0 || at < rows.length; at += mostRows) {
      const hours = rows.slice(at, at + mostRows).map(({ hour, ...row }) => ({ hour: hour * hourMs, ...row }));
      try {
        await client.call('PUT /v1/hosts/{host}/ledger', {
          params: { host },
          body: { source: book.source, through, hours },
        });
      } catch (error) {
        if (!(error instanceof RequestError) || error.status === 0) throw error;
        // A collector that does not know the host yet, or is of a version that keeps no account: later, perhaps.
        log.debug('the account was not taken', { status: error.status, code: error.code, why: error.message });
        return;
      }
    }
    reported = revision;
    reportedThrough = through;
    book.forget(reported);
  }

  const tell = (withinMs: number): Promise<void> =>
    report(withinMs).catch((error: unknown) =>
      // The next one has it all.
      log.debug('the account could not be sent', { why: describeError(error) }),
    );

  function schedule(ms: number): void {
    cancel = clock.after(ms, () => {
      running = tell(timeoutMs).then(() => schedule(everyMs));
    });
  }

  return {
    start: () => schedule(everyMs),
    retarget(next) {
      target.poster.close();
      target = next;
    },
    async stop(withinMs) {
      cancel();
      await running;
      cancel();
      await tell(withinMs);
      target.poster.close();
    },
  };
}
