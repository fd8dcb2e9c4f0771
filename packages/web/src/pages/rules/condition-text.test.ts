import type { RuleCondition } from '@tarsier/protocol/api';
import { expect, test } from 'vitest';
import { conditionText, parseCondition } from './condition-text.ts';

const nested: RuleCondition = {
  all: [{ rule: 'Disk full' }, { any: [{ rule: 'Service' }, { rule: 'or' }] }, { not: { rule: 'Night "shift"' } }],
};

test('a condition is written as people say it, and read back as it was', () => {
  const text = '"Disk full" and (Service or "or") and not "Night \\"shift\\""';
  expect(conditionText(nested)).toBe(text);
  expect(parseCondition(text)).toEqual(nested);
  const negated: RuleCondition = { any: [{ not: { any: [{ rule: 'A' }, { rule: 'B' }] } }, { rule: 'C' }] };
  expect(conditionText(negated)).toBe('not (A or B) or C');
  expect(parseCondition('not (A or B) or C')).toEqual(negated);
});

test('and binds tighter than or', () => {
  expect(parseCondition('A or B and C')).toEqual({ any: [{ rule: 'A' }, { all: [{ rule: 'B' }, { rule: 'C' }] }] });
});

test.each(['', 'A B', 'A and', '(A', 'A)', 'not', '"A', 'or A', '()'])('%j is no condition', (text) => {
  expect(parseCondition(text)).toBeUndefined();
});
