/** What was usual, cut at what a metric can be: a share is neither below 0 % nor above 100 %. */
import type { AnomalyContributor } from '@tarsier/protocol';
import { unitOfExpression } from '../data/range-query.ts';

export interface UsualBand extends Pick<AnomalyContributor, 'value' | 'low' | 'high'> {
  readonly unit: string;
}

/** Sizes and frequencies; durations and temperatures can be negative, as a clock's offset is. */
const neverNegative: ReadonlySet<string> = new Set(['ratio', 'bytes', 'hertz']);

/**
 * Of a series that moved: its value, unit and usual range. Where the value itself or what was expected is beyond a
 * bound, the metric has no such bound (two busy cores are 200 % of one).
 */
export function usualBandOf({ metric, value, expected, low, high }: AnomalyContributor): UsualBand {
  const isCounter = metric.endsWith('_total');
  const unit = unitOfExpression(isCounter ? `rate(${metric})` : metric);
  const hasFloor = (isCounter || neverNegative.has(unit)) && Math.min(value, expected) >= 0;
  const hasTop = unit === 'ratio' && Math.max(value, expected) <= 1;
  return { value, unit, low: hasFloor ? Math.max(0, low) : low, high: hasTop ? Math.min(1, high) : high };
}
