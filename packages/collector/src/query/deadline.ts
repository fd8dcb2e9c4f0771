import { TarsierError } from '@tarsier/protocol';

/** The longest that a timer waits, ms. */
const longestMs = 2 ** 31 - 1;

export interface Deadline {
  /** Ends the work: at the deadline, or when nobody waits for it any more. */
  readonly signal: AbortSignal;
  /** Whether that was the deadline. */
  readonly passed: boolean;
  /** The work is over: nothing of it is held any longer. */
  end(): void;
}

/**
 * What `AbortSignal.any` of a signal and `AbortSignal.timeout` does; but that stays until its time is over, with all
 * that the request refers to: 28 KB of each query for two minutes.
 *
 * @param canceled  says that nobody waits any more
 */
export function startDeadline(timeoutMs: number, canceled: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let passed = false;
  const timer = setTimeout(
    () => {
      passed = true;
      controller.abort(new DOMException('the deadline has passed', 'TimeoutError'));
    },
    Math.min(timeoutMs, longestMs),
  );
  timer.unref();
  const cancel = (): void => controller.abort(canceled?.reason);
  if (canceled?.aborted === true) cancel();
  else canceled?.addEventListener('abort', cancel, { once: true });
  return {
    signal: controller.signal,
    get passed() {
      return passed;
    },
    end() {
      clearTimeout(timer);
      canceled?.removeEventListener('abort', cancel);
    },
  };
}

/** What is told of a query that the deadline has ended. */
export function tooSlow(timeoutMs: number): TarsierError {
  return new TarsierError('query/timeout', `query: expected an answer within ${timeoutMs} ms`, { field: 'query' });
}
