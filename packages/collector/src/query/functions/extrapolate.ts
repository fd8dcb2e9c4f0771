import type { UnixMs } from '@tarsier/protocol';

/** A gap this much longer than the average one is no missed scrape: the series begins or ends there. */
const gapFactor = 1.1;

export interface ChangeKind {
  readonly isCounter: boolean;
  readonly perSecond: boolean;
}

/** The samples of a window. */
export interface Change {
  readonly samples: number;
  readonly firstValue: number;
  readonly firstMs: UnixMs;
  readonly lastMs: UnixMs;
  /** From the first to the last sample, a counter's resets accounted for. */
  readonly change: number;
  readonly startMs: UnixMs;
  readonly endMs: UnixMs;
}

/**
 * The change from the first to the last sample, extrapolated to the window's edges where these are not further away
 * than a sample would be; a counter is not extrapolated below zero.
 *
 * @returns undefined of fewer than two samples
 */
export function extrapolate(
  { isCounter, perSecond }: ChangeKind,
  rangeMs: number,
  { samples, firstValue, firstMs, lastMs, change, startMs, endMs }: Change,
): number | undefined {
  if (samples < 2) return undefined;
  const sampledS = (lastMs - firstMs) / 1000;
  const betweenS = sampledS / (samples - 1);
  const threshold = betweenS * gapFactor;
  let beforeS = (firstMs - startMs) / 1000;
  let afterS = (endMs - lastMs) / 1000;
  if (beforeS >= threshold) beforeS = betweenS / 2;
  if (isCounter && change > 0 && firstValue >= 0) beforeS = Math.min(beforeS, sampledS * (firstValue / change));
  if (afterS >= threshold) afterS = betweenS / 2;
  const factor = (sampledS + beforeS + afterS) / sampledS;
  return change * (perSecond ? factor / (rangeMs / 1000) : factor);
}
