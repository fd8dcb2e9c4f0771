import type { UnixMs } from '@tarsier/protocol';

export interface Crossing {
  /** When the median gets there, and between which times with 80 % confidence; undefined for not in this time. */
  readonly at: UnixMs | undefined;
  readonly earliest: UnixMs | undefined;
  readonly latest: UnixMs | undefined;
}

/**
 * When a series reaches a limit.
 *
 * @param low, high  the 10 % and 90 % quantiles by step
 */
export function crossingOf(
  { low, median, high }: Readonly<Record<'low' | 'median' | 'high', readonly number[]>>,
  times: readonly UnixMs[],
  limit: number,
  direction: 'above' | 'below',
): Crossing {
  const first = (values: readonly number[]): UnixMs | undefined =>
    times[values.findIndex((value) => (direction === 'above' ? value >= limit : value <= limit))];
  const [soon, late] = direction === 'above' ? [high, low] : [low, high];
  return { at: first(median), earliest: first(soon), latest: first(late) };
}
