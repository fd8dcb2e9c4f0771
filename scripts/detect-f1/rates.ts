/** How well scores tell labelled rows. */

export interface JudgedRow {
  readonly score: number;
  readonly isAnomaly: boolean;
}

/** Rows by what they are and what was said of them. */
export interface Counts {
  readonly found: number;
  readonly missed: number;
  readonly falseAlarms: number;
  readonly quiet: number;
}

export interface Rates {
  /** Harmonic mean of precision and recall, 0 to 1; NaN where there is neither an anomaly nor an alarm. */
  readonly f1: number;
  /** Of the rows that are no anomaly. */
  readonly falseAlarmRate: number;
  /** Of the rows that are one. */
  readonly missedRate: number;
}

/** A row with a score of at least the threshold is an alarm. */
export function countsAt(rows: readonly JudgedRow[], threshold: number): Counts {
  const count = (isAlarm: boolean, isAnomaly: boolean): number =>
    rows.filter((row) => row.score >= threshold === isAlarm && row.isAnomaly === isAnomaly).length;
  return {
    found: count(true, true),
    missed: count(false, true),
    falseAlarms: count(true, false),
    quiet: count(false, false),
  };
}

export function sumOf(counts: readonly Counts[]): Counts {
  const sum = (key: keyof Counts): number => counts.reduce((total, each) => total + each[key], 0);
  return { found: sum('found'), missed: sum('missed'), falseAlarms: sum('falseAlarms'), quiet: sum('quiet') };
}

export function ratesOf({ found, missed, falseAlarms, quiet }: Counts): Rates {
  return {
    f1: (2 * found) / (2 * found + falseAlarms + missed),
    falseAlarmRate: falseAlarms / (falseAlarms + quiet),
    missedRate: missed / (found + missed),
  };
}

/** The threshold, out of the scores, with the largest F1. */
export function bestThreshold(rows: readonly JudgedRow[]): Rates & { readonly threshold: number } {
  const sorted = rows.toSorted((a, b) => b.score - a.score);
  const anomalies = rows.filter(({ isAnomaly }) => isAnomaly).length;
  let best = { threshold: 1, counts: countsAt(rows, Infinity), f1: 0 };
  let [found, falseAlarms] = [0, 0];
  for (const [index, { score, isAnomaly }] of sorted.entries()) {
    if (isAnomaly) found++;
    else falseAlarms++;
    if (sorted[index + 1]?.score === score) continue;
    const counts = { found, falseAlarms, missed: anomalies - found, quiet: rows.length - anomalies - falseAlarms };
    const { f1 } = ratesOf(counts);
    if (f1 > best.f1) best = { threshold: score, counts, f1 };
  }
  return { threshold: best.threshold, ...ratesOf(best.counts) };
}
