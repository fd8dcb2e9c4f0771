import type { SeriesColumn } from '@tarsier/protocol';

/**
 * A counter's increase per second since the sample before, one sample shorter than the counter.
 * A fall is a reset (the counted thing restarted): the new value is then the increase, as Prometheus has it.
 *
 * @param counter  times in Unix ms, strictly ascending; no NaN
 */
export function ratePerSecond({ times, values }: SeriesColumn): SeriesColumn {
  const length = Math.max(0, times.length - 1);
  const rates = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const before = values[i] ?? 0;
    const after = values[i + 1] ?? 0;
    const seconds = ((times[i + 1] ?? 0) - (times[i] ?? 0)) / 1000;
    rates[i] = (after < before ? after : after - before) / seconds;
  }
  return { times: times.subarray(1), values: rates };
}
