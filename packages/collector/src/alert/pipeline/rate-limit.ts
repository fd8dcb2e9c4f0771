import type { UnixMs } from '@tarsier/protocol';

export interface RateLimit {
  readonly count: number;
  readonly perMs: number;
}

/**
 * Whether one more may be sent at `now`.
 *
 * @param sent  when earlier ones were, in order
 */
export function hasRoom(sent: readonly UnixMs[], { count, perMs }: RateLimit, now: UnixMs): boolean {
  const nth = sent.at(-count);
  return nth === undefined || now - nth >= perMs;
}
