/** Hot file: rollups of many hours or days to one. */
import type { UnixMs } from '@tarsier/protocol';
import { emptyRollup, rollupColumns, type Rollup } from '@tarsier/protocol/chunk';
import { hourOf } from '../hours.ts';

/** What is left when the buckets of some hours are taken out, in as many pieces. @param hours  their ends */
export function withoutHours(rollup: Rollup, hours: ReadonlySet<UnixMs>): readonly Rollup[] {
  if (hours.size === 0 || !rollup.ends.some((end) => hours.has(hourOf(end)))) return [rollup];
  const { ends } = rollup;
  const pieces: Rollup[] = [];
  for (let from = 0; from < ends.length;) {
    const out = hours.has(hourOf(ends[from] ?? 0));
    let to = from + 1;
    while (to < ends.length && hours.has(hourOf(ends[to] ?? 0)) === out) to++;
    if (!out) pieces.push(part(rollup, from, to));
    from = to;
  }
  return pieces;
}

/**
 * The buckets that end after `from`, up to and including `to`, in order of time.
 *
 * @param pieces  of one series, each in order of time; no bucket is in two of them
 * @returns undefined when there is none
 */
export function concatenateRollups(pieces: readonly Rollup[], from: UnixMs, to: UnixMs): Rollup | undefined {
  // A day's hours may have others between them, which were not sealed.
  const sorted = runsOf(pieces.map((piece) => between(piece, from, to)));
  const buckets = sorted.reduce((sum, { ends }) => sum + ends.length, 0);
  if (buckets === 0) return undefined;
  const all = emptyRollup(
    buckets,
    sorted.every(({ counter }) => counter !== undefined),
  );
  let next = 0;
  for (const piece of sorted) {
    for (const name of rollupColumns) all[name].set(piece[name], next);
    if (piece.counter !== undefined) {
      all.counter?.increase.set(piece.counter.increase, next);
      all.counter?.resets.set(piece.counter.resets, next);
    }
    next += piece.ends.length;
  }
  return all;
}

/** The same buckets in pieces that follow each other in time. */
function runsOf(pieces: readonly Rollup[]): readonly Rollup[] {
  const sorted = pieces.filter(({ ends }) => ends.length > 0).toSorted((a, b) => (a.ends[0] ?? 0) - (b.ends[0] ?? 0));
  const overlap = sorted.some((piece, at) => at > 0 && (sorted[at - 1]?.ends.at(-1) ?? 0) >= (piece.ends[0] ?? 0));
  if (!overlap) return sorted;
  return sorted
    .flatMap((piece) => Array.from(piece.ends, (end, row) => ({ end, row, piece })))
    .toSorted((a, b) => a.end - b.end)
    .map(({ row, piece }) => part(piece, row, row + 1));
}

function between(rollup: Rollup, from: UnixMs, to: UnixMs): Rollup {
  const { ends } = rollup;
  let [first, end] = [0, ends.length];
  while (first < end && (ends[first] ?? 0) <= from) first++;
  while (end > first && (ends[end - 1] ?? 0) > to) end--;
  return first === 0 && end === ends.length ? rollup : part(rollup, first, end);
}

/** Rows `from` to `to` (not included); views, not copies. */
function part(rollup: Rollup, from: number, to: number): Rollup {
  const { counter } = rollup;
  const cut = (column: Float64Array): Float64Array => column.subarray(from, to);
  return {
    ends: cut(rollup.ends),
    count: cut(rollup.count),
    sum: cut(rollup.sum),
    min: cut(rollup.min),
    max: cut(rollup.max),
    first: cut(rollup.first),
    last: cut(rollup.last),
    firstAt: cut(rollup.firstAt),
    lastAt: cut(rollup.lastAt),
    ...(counter === undefined ? {} : { counter: { increase: cut(counter.increase), resets: cut(counter.resets) } }),
  };
}
