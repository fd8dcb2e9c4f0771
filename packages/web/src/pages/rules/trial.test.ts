import { newRuleSchema, ruleLabSchema } from '@tarsier/protocol/api';
import { expect, test } from 'vitest';
import { emptyDraft, faultsOf, isBound, ruleOf, trialOf, trialOfRule } from './trial.ts';

const draft = { ...emptyDraft, name: 'CPU busy', expr: 'cpu_busy_ratio', value: '0.9', hold: '5m' };

test('what the form makes is what the collector takes', () => {
  expect(newRuleSchema.safeParse(ruleOf(draft, 0))).toMatchObject({
    success: true,
    data: { kind: 'expression', expr: '(cpu_busy_ratio) > 0.9', forMs: 300_000 },
  });
  const trial = ruleLabSchema.parse(trialOf(draft, Date.now(), 86_400_000));
  expect(trial.rule).toMatchObject({ values: [0.45, 0.54, 0.63, 0.72, 0.81, 0.9, 0.99, 1.08, 1.17, 1.26, 1.35] });
});

test('a rule on trial tells nobody for a week', () => {
  expect(ruleOf({ ...draft, shadow: true }, 1_000)).toMatchObject({ shadowUntil: 1_000 + 7 * 86_400_000 });
  expect(ruleOf(draft, 1_000)).not.toHaveProperty('shadowUntil');
});

test.each([
  { kind: 'threshold', selector: 'sent_total', reduce: 'rate', op: '<', value: 10, clear: 12 },
  { kind: 'expression', expr: 'up == 0', clearExpr: 'up < 2' },
  { kind: 'anomaly', selector: 'a', minScore: 6, detector: 'events' },
  { kind: 'no-data', selector: 'a', of: 'series', forMs: 60_000 },
  { kind: 'forecast', selector: 'a', op: '>', limit: 1, horizonMs: 3_600_000, everyMs: 60_000 },
  { kind: 'composite', condition: { rule: 'Busy' } },
])('a rule is tried as it is: $kind', (body) => {
  const rule = newRuleSchema.parse({ name: 'Busy', ...body });
  expect(ruleLabSchema.safeParse(trialOfRule(rule, Date.now(), 86_400_000)).error).toBeUndefined();
});

test('a counter is tried by its rate, with its second bound as far away', () => {
  const rule = newRuleSchema.parse({
    ...{ kind: 'threshold', name: 'Quiet', selector: 'sent_total', reduce: 'rate', op: '<', value: 10, clear: 12 },
  });
  expect(trialOfRule(rule, 0, 1_000).rule).toMatchObject({ expr: 'rate(sent_total[1m])', op: '<', clearBy: 2 });
});

test('a bound of zero has neighbours, too', () => {
  expect(trialOf({ ...draft, value: '0' }, 0, 1000).rule).toMatchObject({
    values: [-0.5, -0.4, -0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3, 0.4, 0.5],
  });
});

test('fields that are not right are named', () => {
  expect([...faultsOf(emptyDraft)]).toEqual(['name', 'expr', 'value']);
  expect([...faultsOf({ ...draft, value: 'much', hold: 'long' })]).toEqual(['value', 'hold']);
  expect(faultsOf({ ...draft, hold: '0' }).size).toBe(0);
});

test('the wished bound is found among the trials', () => {
  const trial = { fired: 0, incidents: 0, pages: [], pagesInRealIncidents: 0, missedIncidents: [], unsent: [] };
  expect(isBound({ ...trial, value: 0.9 }, Number(draft.value))).toBe(true);
  expect(isBound({ ...trial, value: 0.99 }, Number(draft.value))).toBe(false);
});
