import { describeError } from '@tarsier/protocol';
import type { Log } from './log.ts';

export interface StrayLog {
  take(error: unknown): void;
  /** All that were taken, told or not. */
  readonly count: number;
}

/** As many are told apart; a plugin may say something new each second. */
const mostTold = 100;

/**
 * Tells once of each failure that nothing waited for: of a plugin's promise that it let go, of its timer, of a socket
 * that it does not listen to. The other plugins go on measuring.
 */
export function createStrayLog(log: Log): StrayLog {
  const told = new Set<string>();
  let count = 0;
  return {
    take(error) {
      count++;
      const { why, at } = strayOf(error);
      // A port or a time in it makes no other failure.
      const what = `${why.replaceAll(/\d+/gu, '')} ${at}`;
      if (told.has(what) || told.size > mostTold) return;
      told.add(what);
      if (told.size > mostTold)
        log.error(
          'too many different failures that nothing waited for: no more are told; agent_stray_errors_total counts them',
        );
      else log.error('something failed that nothing waited for; if it is a plugin, it should wait for it', { why, at });
    },
    get count() {
      return count;
    },
  };
}

export interface Stray {
  readonly why: string;
  /** Where it came from; `unknown` of what is no Error, and of what Node.js itself says of a socket. */
  readonly at: string;
}

/** Never throws: what throws in the handler of uncaught exceptions ends the agent. */
export function strayOf(error: unknown): Stray {
  const why = describeError(error);
  try {
    return { why, at: placeOf(error) };
  } catch {
    // Its stack may be a getter.
    return { why, at: 'unknown' };
  }
}

/** The first line of its stack that is not Node.js itself. */
export function placeOf(error: unknown): string {
  const stack: unknown = error instanceof Error ? error.stack : undefined;
  const lines = typeof stack === 'string' ? stack.split('\n') : [];
  const place = lines.find((line) => /^\s+at /u.test(line) && !line.includes('node:'));
  return place?.trim().replace(/^at /u, '') ?? 'unknown';
}
