/** Thresholds that are worth trying: where the values of the past are, closer together where fewer of them are. */
import { quantileOf } from '../../stats/quantile.ts';

/** Shares of the time that the worst series is beyond it. */
const beyond = [0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.002, 0.001, 0] as const;
const digits = 4;

/**
 * @param worst  of each time the value that is nearest to an alarm, or beyond it
 * @returns in order, the present one among them, no two alike
 */
export function thresholdGrid(worst: readonly number[], op: '>' | '<' | '>=' | '<=', present: number): number[] {
  const known = worst.filter(Number.isFinite).toSorted((a, b) => a - b);
  const isAbove = op.startsWith('>');
  const values = known.length === 0 ? [] : beyond.map((share) => quantileOf(known, isAbove ? 1 - share : share));
  const rounded = values.map((value) => Number(value.toPrecision(digits)));
  return [...new Set([...rounded, present])].toSorted((a, b) => a - b);
}

/** Where a plain rule of thumb has it: beyond it for a hundredth of the time. */
export function percentileThreshold(worst: readonly number[], op: '>' | '<' | '>=' | '<='): number {
  const known = worst.filter(Number.isFinite).toSorted((a, b) => a - b);
  return quantileOf(known, op.startsWith('>') ? 0.99 : 0.01);
}

/** @returns the index of the nearest */
export function nearestTo(values: readonly number[], wanted: number): number {
  const far = values.map((value) => Math.abs(value - wanted));
  return far.indexOf(Math.min(...far));
}
