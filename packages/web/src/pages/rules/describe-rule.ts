import type { Rule } from '@tarsier/protocol/api';
import { durationText } from '../../data/time-range.ts';
import { conditionText } from './condition-text.ts';

/** What a rule looks at, as one would write it. */
export function describeRule(rule: Rule): string {
  const held = rule.forMs > 0 ? ` for ${durationText(rule.forMs)}` : '';
  switch (rule.kind) {
    case 'threshold':
      return `${rule.reduce === 'rate' ? `rate(${rule.selector})` : rule.selector} ${rule.op} ${rule.value}${held}`;
    case 'anomaly':
      return `anomaly(${rule.selector}) >= ${rule.minScore}${held}`;
    case 'no-data':
      return `absent(${rule.selector})${held}`;
    case 'forecast':
      return `forecast(${rule.selector}, ${durationText(rule.horizonMs)}) ${rule.op} ${rule.limit}${held}`;
    case 'expression':
      return `${rule.expr}${held}`;
    case 'composite':
      return `${conditionText(rule.condition)}${held}`;
  }
}
