/** How well a detector finds anomalies that were put in, with the same budget of false alarms as any other. */
import { median } from '../../stats/median.ts';
import { quantileOf } from '../../stats/quantile.ts';
import type { Injection } from './injection.ts';

/** A stretch of time with one anomaly in it: what is drawn again for intervals. */
export interface TrialUnit {
  readonly hit: boolean;
  /** Steps from the onset to the alarm; of a hit. */
  readonly delay: number;
  /** Alarms in the same stretch without the anomaly. */
  readonly falseAlarms: number;
}

/** What follows an anomaly so soon is still of it. */
const graceSteps = 3;
/** An alarm within so many steps of the last odd one goes on with it. */
const quietSteps = 10;
/** Share of the time that is learnt from in which nothing is judged yet. */
const warmUpShare = 0.25;

/**
 * The oddness that quiet time is above so seldom.
 *
 * @param oddness  of all steps; those before `trained` are looked at
 * @param alarms  how many there may be in that time
 */
export function thresholdFor(oddness: Float64Array, trained: number, alarmsPerStep: number): number {
  const from = Math.floor(trained * warmUpShare);
  const known = oddness
    .subarray(from, trained)
    .filter((each) => !Number.isNaN(each))
    .toSorted();
  if (known.length === 0) return Infinity;
  const most = Math.max(0, alarmsPerStep * known.length);
  // Odd steps come in heaps: the highest threshold that has fewer heaps than that.
  for (const share of [0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995]) {
    const threshold = quantileOf(known, share);
    if (threshold > quantileOf(known, 0.5) && alarmsOf(oddness, from, trained, threshold).length <= most)
      return threshold;
  }
  return (known.at(-1) ?? 0) * (1 + 1e-9) + Number.MIN_VALUE;
}

/** Steps at which it begins to be odd. */
export function alarmsOf(oddness: Float64Array, from: number, to: number, threshold: number): readonly number[] {
  const alarms: number[] = [];
  let last = -Infinity;
  for (let at = from; at < to; at++) {
    if (!((oddness[at] ?? Number.NaN) >= threshold)) continue;
    if (at - last > quietSteps) alarms.push(at);
    last = at;
  }
  return alarms;
}

/**
 * @param clean  oddness of each step as it was recorded
 * @param moved  the same with the anomalies
 */
export function unitsOf(
  clean: Float64Array,
  moved: Float64Array,
  injections: readonly Injection[],
  trained: number,
  threshold: number,
): readonly TrialUnit[] {
  const length = Math.floor((clean.length - trained) / Math.max(1, injections.length));
  const quiet = alarmsOf(clean, trained, clean.length, threshold);
  return injections.map(({ from, to }, at) => {
    const begin = trained + at * length;
    let first = from;
    while (first < to + graceSteps && !((moved[first] ?? Number.NaN) >= threshold)) first++;
    return {
      hit: first < to + graceSteps,
      delay: first - from,
      falseAlarms: quiet.filter((alarm) => alarm >= begin && alarm < begin + length).length,
    };
  });
}

export interface TrialScore {
  readonly recall: number;
  readonly precision: number;
  readonly f1: number;
  readonly falseAlarms: number;
  /** Median over hits, steps; NaN without any. */
  readonly delay: number;
}

export function scoreOf(units: readonly TrialUnit[]): TrialScore {
  const hits = units.filter(({ hit }) => hit);
  const falseAlarms = units.reduce((sum, unit) => sum + unit.falseAlarms, 0);
  const told = hits.length + falseAlarms;
  const [recall, precision] = [hits.length / Math.max(1, units.length), told === 0 ? 0 : hits.length / told];
  return {
    recall,
    precision,
    f1: recall + precision === 0 ? 0 : (2 * recall * precision) / (recall + precision),
    falseAlarms,
    delay: median(hits.map(({ delay }) => delay)),
  };
}
