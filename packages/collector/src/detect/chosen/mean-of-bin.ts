import type { UnixMs } from '@tarsier/protocol';

/** The mean of a series' values in ten seconds, as it is gathered; a counter's are rates per second. */
export interface MeanOfBin {
  sum: number;
  count: number;
  /** Of a counter: raw value and time of the last sample. */
  previous: number;
  previousAt: UnixMs;
}

export function emptyMean(): MeanOfBin {
  return { sum: 0, count: 0, previous: Number.NaN, previousAt: 0 };
}

/** Neither a gap, nor an infinity, nor a counter's reset says anything. */
export function addTo(mean: MeanOfBin, isCounter: boolean, time: UnixMs, raw: number): void {
  let value = raw;
  if (isCounter) {
    const increase = raw - mean.previous;
    value = increase >= 0 ? (1000 * increase) / (time - mean.previousAt) : Number.NaN;
    mean.previous = raw;
    mean.previousAt = time;
  }
  if (!(Math.abs(value) < Infinity)) return;
  mean.sum += value;
  mean.count++;
}

/** Begins anew. @returns NaN when there was nothing */
export function takeMean(mean: MeanOfBin): number {
  const value = mean.count === 0 ? Number.NaN : mean.sum / mean.count;
  mean.sum = 0;
  mean.count = 0;
  return value;
}
