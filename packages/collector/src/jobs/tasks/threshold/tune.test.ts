import { newRuleSchema, thresholdTuningSchema, type Rule } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { createTestStorage } from '../../../storage/testing.ts';
import type { TenantScope } from '../../../tenant.ts';
import { testContext } from '../../testing-context.ts';
import { applyProposal } from './apply.ts';
import { happenings, load, now, withHistory } from './testing-history.ts';
import { thresholdTune } from './tune.ts';

const db = await createTestStorage(() => now);
afterAll(() => db.drop());
const { thresholds, rules, audit } = db.storage;
const series = [load()];
/** Spikes end at 0.735, and some of what is real at 0.77: only one is between them. */
const values = [0.4, 0.5, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.99];
const idOf = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;

async function tune(scope: TenantScope, payload: object, job = 1) {
  const context = testContext(db.storage, scope, series, now, idOf(job));
  const result = thresholdTuningSchema.parse(
    await thresholdTune.run({ values, maxStep: 1, stepMs: 120_000, mostRounds: 250, ...payload }, context),
  );
  return { result, told: context.told };
}
const valueOf = async (scope: TenantScope, { id }: Rule): Promise<readonly (number | undefined)[] | undefined> => {
  const found = (await rules.list(scope)).find((rule) => rule.id === id);
  return found?.kind === 'threshold' ? [found.value, found.clear] : undefined;
};

test('the best threshold is found, shown to be better on other days, applied when it may be, and taken back', async () => {
  const scope = await db.storage.tenants.ensure('tuned');
  const rule = await withHistory(db.storage, scope);
  const { result, told } = await tune(scope, { rule: 'Load' });
  expect(result).toMatchObject({ present: 0.6, proposed: 0.75, verdict: 'better', decision: 'proposed' });
  const { useful, noise, unjudged } = result.feedback;
  expect([useful > 8, noise > 25, unjudged > 4, useful + noise + unjudged]).toEqual([true, true, true, 56]);
  expect(result.evaluation.difference.low).toBeGreaterThan(0);
  expect(result.guardRails.every(({ held }) => held)).toBe(true);
  const [proposed, present, ...plain] = result.heldOut;
  expect(proposed?.missed).toBe(0);
  expect(proposed?.noise).toBeLessThan((present?.noise ?? 0) / 4);
  for (const row of [present, ...plain]) expect(row?.rewardPerDay).toBeLessThan(proposed?.rewardPerDay ?? 0);
  expect(result.explanation).toMatch(
    /value of Load from 0.6 to 0.75.*which is surely more.*better than the best plain/u,
  );
  expect(result.replays.done).toBeLessThan(result.replays.all);

  // The curve is what was told while it learnt.
  const points = told.flatMap(({ metrics }) => (metrics === undefined ? [] : [metrics]));
  expect(points).toEqual(result.convergence);
  expect(points.at(-1)).toMatchObject({ best: 0.75 });
  expect(points.at(-1)?.['certainty']).toBeGreaterThan(0.6);

  // Nothing was changed without leave; with it, the rule is, with its hysteresis, and it is audited.
  expect(await valueOf(scope, rule)).toEqual([0.6, 0.55]);
  const applied = await tune(scope, { rule: rule.id, apply: 'if-better' }, 2);
  expect(applied.result).toMatchObject({ proposed: 0.75, decision: 'applied', proposal: idOf(2) });
  expect(await valueOf(scope, rule)).toEqual([0.75, expect.closeTo(0.7, 10)]);
  const entries = await audit.list(scope, { limit: 10 });
  expect(entries.items).toMatchObject([{ action: 'threshold.tune apply', after: { state: 'applied', after: 0.75 } }]);
  // An attempt that was lost is made again, and is the same.
  expect(await applyProposal(testContext(db.storage, scope, series, now, idOf(2)))).toBe(true);
  expect((await audit.list(scope, { limit: 10 })).items.length).toBe(1);
  expect((await thresholds.list(scope, { limit: 10 })).items).toMatchObject([
    { id: idOf(2), state: 'applied' },
    { id: idOf(1), state: 'proposed' },
  ]);

  expect(await thresholds.rollBack(scope, idOf(2), 'ann')).toMatchObject({ state: 'rolled-back', changedBy: 'ann' });
  expect(await valueOf(scope, rule)).toEqual([0.6, expect.closeTo(0.55, 10)]);
  await expect(thresholds.rollBack(scope, idOf(2), 'ann')).rejects.toMatchObject({ code: 'thresholds/state' });
  // What somebody has changed meanwhile is not changed over their head.
  const { id, ...body } = (await rules.list(scope))[0] as Rule & { readonly kind: 'threshold' };
  await rules.replace(scope, id, { ...body, value: 0.5, clear: 0.5 });
  await expect(thresholds.apply(scope, idOf(1), 'ann')).rejects.toMatchObject({ code: 'thresholds/changed' });
});

test('severity page is never told of less, neither by the tuner nor by a proposal from before', async () => {
  const scope = await db.storage.tenants.ensure('paged');
  const rule = await withHistory(db.storage, scope, { severity: 'page' });
  const { result } = await tune(scope, { rule: rule.id, apply: 'if-better' }, 11);
  // To tell of more, or earlier, is allowed.
  expect(result.proposed).toBeLessThanOrEqual(0.6);
  for (const { value, allowed, why } of result.arms) {
    if (value > 0.6) expect([allowed, why]).toEqual([false, 'severity page may only be told of more']);
  }
  const { target } = result;
  const difference = { value: 1, low: 1, high: 1, confidence: 0.9 };
  const proposal = { id: idOf(12), jobId: idOf(12), target, before: result.proposed, after: 0.75, difference };
  await thresholds.propose(scope, { ...proposal, guardRails: [], explanation: '' }, 'somebody');
  await expect(thresholds.apply(scope, idOf(12), 'ann')).rejects.toMatchObject({ code: 'thresholds/guard-rail' });
  expect((await valueOf(scope, rule))?.[0]).toBeLessThanOrEqual(0.6);
});

test('what was missed makes it more sensitive, and no threshold is taken that loses something real', async () => {
  const scope = await db.storage.tenants.ensure('missing');
  const deaf = { kind: 'threshold', name: 'Load', selector: 'load', op: '>', value: 0.99 };
  const rule = await rules.create(scope, newRuleSchema.parse(deaf));
  for (const { at, isReal } of happenings()) {
    const missed = { ruleId: rule.id, from: at, to: at + 3_600_000, comment: '' };
    if (isReal) await thresholds.reportMissed(scope, missed, 'ann');
  }
  const { result } = await tune(scope, { rule: rule.id, apply: 'if-better' }, 21);
  expect(result).toMatchObject({ present: 0.99, proposed: 0.75, verdict: 'better', decision: 'applied' });
  expect(result.heldOut.find(({ name }) => name === 'present')).toMatchObject({ caught: 0, missed: 4 });
});

test('another tenant has neither the rule nor the proposals', async () => {
  const scope = await db.storage.tenants.ensure('tuned');
  const other = await db.storage.tenants.ensure('other');
  const [rule] = await rules.list(scope);
  await expect(tune(other, { rule: rule?.id })).rejects.toMatchObject({ code: 'jobs/payload', retryable: false });
  expect((await thresholds.list(other, { limit: 10 })).items).toEqual([]);
  expect(await thresholds.find(other, idOf(1))).toBeUndefined();
  expect(await thresholds.apply(other, idOf(1), 'eve')).toBeUndefined();
  expect(await thresholds.rollBack(other, idOf(2), 'eve')).toBeUndefined();
  // A rule of the same name learns from its own history alone: it has none.
  const same = { kind: 'threshold', name: 'Load', selector: 'load', op: '>', value: 0.6 };
  await rules.create(other, newRuleSchema.parse(same));
  const { result } = await tune(other, { rule: 'Load' }, 33);
  expect(result.feedback).toEqual({ useful: 0, noise: 0, missed: 0, unjudged: 0 });
  expect(result.guardRails.find(({ name }) => name === 'evidence')?.held).toBe(false);
});

test('a rule that has no threshold, one that is not there, and too short a past say so', async () => {
  const scope = await db.storage.tenants.ensure('wrong');
  await rules.create(scope, {
    kind: 'expression',
    name: 'E',
    severity: 'info',
    enabled: true,
    forMs: 0,
    keepFiringMs: 0,
    everyMs: 60_000,
    expr: 'up',
  });
  const refused = (payload: object, message: RegExp) => expect(tune(scope, payload)).rejects.toThrow(message);
  await refused({ rule: 'E' }, /expected a rule of kind threshold or anomaly, E is of kind expression/u);
  await refused({ rule: 'none' }, /payload.rule: there is no rule "none"/u);
  await refused({ setting: 'none' }, /payload.setting: there is no detection setting none/u);
  await refused({}, /payload.rule: expected either a rule or a setting/u);
  const rule = await rules.create(scope, newRuleSchema.parse({ kind: 'anomaly', name: 'A', selector: 'load' }));
  await refused({ rule: rule.id, historyMs: 36_000_000 }, /expected at least 12 episodes in historyMs, got 1/u);
});
