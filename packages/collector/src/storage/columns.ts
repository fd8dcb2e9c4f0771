/** Hot file: from rows to one series' samples. */
import type { SeriesColumn } from '@tarsier/protocol';
import { bitsOf } from '@tarsier/protocol/chunk';

/**
 * One sample for each time: that of the last row which has one.
 *
 * @param times    ascending; a time may occur more than once
 * @param present  1 where a sample exists; undefined when all do
 * @returns views of what was given where there is nothing to leave out
 */
export function latestOfEachTime(
  times: Float64Array,
  values: Float64Array,
  present: Uint8Array | undefined,
): SeriesColumn {
  const rows = times.length;
  let whole = present === undefined;
  for (let row = 1; row < rows && whole; row++) whole = times[row] !== times[row - 1];
  if (whole) return { times, values };
  const keptTimes = new Float64Array(rows);
  const keptValues = new Float64Array(rows);
  const from = bitsOf(values);
  const to = bitsOf(keptValues);
  let kept = 0;
  for (let row = 0; row < rows; row++) {
    if (present !== undefined && present[row] === 0) continue;
    const time = times[row] ?? 0;
    const at = kept > 0 && keptTimes[kept - 1] === time ? kept - 1 : kept++;
    keptTimes[at] = time;
    to[at * 2] = from[row * 2] ?? 0;
    to[at * 2 + 1] = from[row * 2 + 1] ?? 0;
  }
  return { times: keptTimes.subarray(0, kept), values: keptValues.subarray(0, kept) };
}
