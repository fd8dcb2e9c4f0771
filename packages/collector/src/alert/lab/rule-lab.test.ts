import { newSilenceSchema, ruleLabSchema } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../../log.ts';
import { createEngine } from '../../query/engine.ts';
import { LabelSet } from '../../query/label-set.ts';
import { createMemoryReader } from '../../query/memory-reader.ts';
import { createTestStorage } from '../../storage/testing.ts';
import { testAlert, testOutcome } from '../../storage/testing-incidents.ts';
import { createRuleLab } from './rule-lab.ts';

const start = Date.UTC(2026, 10, 24, 10);
const minute = 60_000;
const { storage, drop } = await createTestStorage(() => start);
afterAll(drop);

/** `busy` of hosts, a value each minute. */
function labOver(values: Readonly<Record<string, readonly number[]>>) {
  const reader = createMemoryReader(
    Object.entries(values).map(([host, column]) => ({
      labels: LabelSet.ofSeries({ name: 'busy', labels: { host } }),
      column: {
        times: Float64Array.from(column, (_, index) => start + index * minute),
        values: Float64Array.from(column),
      },
    })),
  );
  return createRuleLab({ storage, engine: createEngine({ reader, log: silentLog }) });
}

const over = (minutes: number, rule: object) =>
  ruleLabSchema.parse({ rule, start, end: start + minutes * minute, stepMs: minute });

test('a slider says how many pages each bound would have meant, and which were in real incidents', async () => {
  const scope = await storage.tenants.ensure('slider');
  const alert = testAlert('real', start + 9 * minute);
  const { incidents, ...outcome } = testOutcome(alert, [], start + 9 * minute);
  const acknowledged = new Map([...incidents].map(([id, one]) => [id, { ...one, assignee: 'ann' }]));
  await storage.incidents.save(scope, { ...outcome, incidents: acknowledged });
  const busy = [0.1, 0.7, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.95, 0.95, 0.1, 0.1];
  const { trials } = await labOver({ a: busy }).try(
    scope,
    over(13, { kind: 'threshold', expr: 'busy', op: '>', values: [0.5, 0.9, 0.99] }),
  );
  expect(
    trials.map(({ value, fired, pages, pagesInRealIncidents }) => [value, fired, pages.length, pagesInRealIncidents]),
  ).toEqual([
    [0.5, 2, 4, 2],
    [0.9, 1, 2, 2],
    [0.99, 0, 0, 0],
  ]);
  expect(trials[1]?.pages[0]).toMatchObject({
    at: start + 10 * minute,
    reason: 'first',
    title: 'Trial on a',
    why: 'busy was 0.95, > 0.9',
    realIncident: 'i-real',
  });
  expect(trials.map(({ missedIncidents }) => missedIncidents)).toEqual([[], [], ['i-real']]);
});

test('the whole way counts: waiting, hysteresis, cooldown, grouping and silences', async () => {
  const scope = await storage.tenants.ensure('whole');
  const swinging = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 0.95 : 0.85));
  const lab = labOver({ a: swinging, b: swinging });
  const pagesOf = async (rule: object) =>
    (await lab.try(scope, over(39, { expr: 'busy', op: '>', values: [0.9], ...rule }))).trials[0];
  const plain = await pagesOf({ kind: 'threshold' });
  expect(plain?.fired).toBe(40);
  // Two hosts that come and go are one incident, told as flapping: a few pages for eighty changes.
  expect(plain?.pages.map(({ reason }) => reason)).toEqual(['first', 'resolved', 'again', 'resolved', 'flapping']);
  expect((await pagesOf({ kind: 'threshold', clearBy: 0.1 }))?.fired).toBe(2);
  expect((await pagesOf({ kind: 'threshold', forMs: 2 * minute }))?.pages).toEqual([]);
  const muted = newSilenceSchema.parse({ matchers: ['alertname="Trial"'], endsAt: start + 60 * minute });
  await storage.alertPolicies.silences.create(scope, muted);
  const silenced = await pagesOf({ kind: 'threshold', clearBy: 0.1 });
  expect([silenced?.pages.length, silenced?.unsent[0]]).toEqual([0, { reason: 'silenced', count: 2 }]);
});

test('an expression that gives what fires is tried as it is, and one that can not be read says where', async () => {
  const scope = await storage.tenants.ensure('expression');
  const lab = labOver({ a: [0.1, 0.95, 0.95, 0.95], b: [0.1, 0.1, 0.1, 0.95] });
  const { trials } = await lab.try(
    scope,
    over(3, { kind: 'expression', expr: 'max(busy) > 0.9', forMs: minute, name: 'Busy' }),
  );
  expect(trials[0]?.pages).toMatchObject([{ at: start + 2 * minute, title: 'Busy', why: 'max(busy) > 0.9 gave 0.95' }]);
  await expect(lab.try(scope, over(3, { kind: 'expression', expr: 'max(' }))).rejects.toThrow('parse error');
});
