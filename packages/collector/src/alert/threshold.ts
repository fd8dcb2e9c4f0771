import type { UnixMs } from '@tarsier/protocol';
import type { ThresholdRule } from '@tarsier/protocol/api';
import { formatterOf, formatTime } from '../stats/format.ts';

/** Whether `value` is where the rule says it must not be; NaN never is. */
export function crosses({ op, value: bound }: Pick<ThresholdRule, 'op' | 'value'>, value: number): boolean {
  switch (op) {
    case '>':
      return value > bound;
    case '>=':
      return value >= bound;
    case '<':
      return value < bound;
    case '<=':
      return value <= bound;
  }
}

/** Whether a firing alert is over by `value`. */
export function clears(
  { op, value: bound, clear = bound }: Pick<ThresholdRule, 'op' | 'value' | 'clear'>,
  value: number,
): boolean {
  return !crosses({ op, value: clear }, value);
}

const words = { '>': 'above', '>=': 'at or above', '<': 'below', '<=': 'at or below' } as const;

/**
 * `disk_used_ratio{…} was 93 %, above 90 % for 1 min since 10:02:11 UTC`.
 *
 * @param metric  name of the series
 */
export function describeCrossing(
  rule: ThresholdRule,
  { metric, signature }: { readonly metric: string; readonly signature: string },
  value: number,
  since: UnixMs,
): string {
  const format = formatterOf(metric);
  const what = rule.reduce === 'rate' ? `the rate of ${signature}` : signature;
  const lasting = rule.forMs === 0 ? '' : ` for ${describeDuration(rule.forMs)}`;
  return `${what} was ${format(value)}, ${words[rule.op]} ${format(rule.value)}${lasting} since ${formatTime(since)}`;
}

export function describeDuration(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}
