/** Hot file: rollups of many hours or days to one. */
import type { UnixMs } from '@tarsier/protocol';
import { emptyRollup, rollupColumns, type Rollup } from '@tarsier/protocol/chunk';
import { hourOf } from '../hours.ts';

/** What is left when the buckets of some hours are taken out. @param hours  their ends */
export function withoutHours(rollup: Rollup, hours: ReadonlySet<UnixMs>): Rollup {
  if (hours.size === 0 || !rollup.ends.some((end) => hours.has(hourOf(end)))) return rollup;
  return pick([rollup], (end) => !hours.has(hourOf(end)));
}

/**
 * The buckets that end after `from`, up to and including `to`, in order of time.
 *
 * @param pieces  of one series; no bucket is in two of them
 * @returns undefined when there is none
 */
export function concatenateRollups(pieces: readonly Rollup[], from: UnixMs, to: UnixMs): Rollup | undefined {
  const all = pick(pieces, (end) => end > from && end <= to);
  return all.ends.length === 0 ? undefined : all;
}

function pick(pieces: readonly Rollup[], wanted: (end: UnixMs) => boolean): Rollup {
  // A day's hours may have others between them, which were not sealed.
  const rows = pieces
    .flatMap((piece) => Array.from(piece.ends, (end, row) => ({ end, row, piece })))
    .filter(({ end }) => wanted(end))
    .toSorted((a, b) => a.end - b.end);
  const all = emptyRollup(
    rows.length,
    pieces.every((piece) => piece.counter !== undefined),
  );
  for (const [at, { row, piece }] of rows.entries()) {
    for (const name of rollupColumns) all[name][at] = piece[name][row] ?? 0;
    if (all.counter === undefined) continue;
    all.counter.increase[at] = piece.counter?.increase[row] ?? 0;
    all.counter.resets[at] = piece.counter?.resets[row] ?? 0;
  }
  return all;
}
