const alikeLetters = 3;
const fewNames = 8;

/**
 * The name that was probably meant: the same but for case, dashes and underscores, or else the one with the fewest
 * changed, missing, extra or swapped letters (Damerau–Levenshtein, at most a third of the length; half of it where they
 * begin alike).
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name);
  const same = known.find((one) => plain(one) === wanted);
  if (same !== undefined) return same;
  const ranked = known
    .map((one) => ({ one, distance: distanceBetween(wanted, plain(one)) }))
    .toSorted((a, b) => a.distance - b.distance);
  const [best] = ranked;
  if (best === undefined) return undefined;
  const beginsAlike = plain(best.one).startsWith(wanted.slice(0, alikeLetters));
  return best.distance <= Math.max(1, Math.floor(name.length / (beginsAlike ? 2 : 3))) ? best.one : undefined;
}

/** `; did you mean …?`, or nothing. */
export function didYouMean(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

/** As {@link didYouMean}; or what there is, where that is a few names. */
export function meantOrKnown(name: string, known: readonly string[]): string {
  const few = known.length > 0 && known.length <= fewNames;
  return didYouMean(name, known) || (few ? `; expected one of ${known.join(', ')}` : '');
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/gu, '');
}

/** Optimal string alignment: like Levenshtein, and neighbours that are swapped count one. */
function distanceBetween(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (last[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, substituted);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1);
      row.push(least);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
