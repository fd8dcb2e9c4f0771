const baseMs = 500;
const capMs = 30_000;

/**
 * Full jitter: anywhere between nothing and a bound that doubles, so that the pages of a restarted collector do not
 * come back in step. The first retry is almost at once.
 *
 * @param attempt  failures in a row, from 1
 * @param random  in [0, 1)
 */
export function reconnectDelayMs(attempt: number, random: number): number {
  return Math.round(random * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 16)));
}
