import { describeError } from '@tarsier/protocol';
import type { Log } from './log.ts';

/** As many are told apart; a plugin may say something new each second. */
const mostTold = 100;

/**
 * Tells once of each failure that nothing waited for: of a plugin's promise that it let go, of its timer, of a socket
 * that it does not listen to. The other plugins go on measuring.
 */
export function createStrayLog(log: Log): (error: unknown) => void {
  const told = new Set<string>();
  return (error) => {
    const why = describeError(error);
    const at = placeOf(error);
    const what = `${why} ${at}`;
    if (told.has(what) || told.size >= mostTold) return;
    told.add(what);
    log.error('something failed that nothing waited for; if it is a plugin, it should wait for it', { why, at });
  };
}

/** The first line of its stack that is not Node.js itself. */
export function placeOf(error: unknown): string {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  const place = lines.find((line) => /^\s+at /u.test(line) && !line.includes('node:'));
  return place?.trim().replace(/^at /u, '') ?? 'unknown';
}
