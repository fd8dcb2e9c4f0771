import type { UnixMs } from '@tarsier/protocol';
import type { ThresholdRule } from '@tarsier/protocol/api';
import { formatNumber, formatTime } from '../stats/format.ts';

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

/** `disk_used_ratio{…} was 0.93, above 0.9 for 1 min since 10:02:11 UTC`. */
export function describeCrossing(rule: ThresholdRule, series: string, value: number, since: UnixMs): string {
  const what = rule.reduce === 'rate' ? `the rate of ${series}` : series;
  const lasting = rule.forMs === 0 ? '' : ` for ${describeDuration(rule.forMs)}`;
  return `${what} was ${formatNumber(value)}, ${words[rule.op]} ${formatNumber(rule.value)}${lasting} since ${formatTime(since)}`;
}

export function describeDuration(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}
