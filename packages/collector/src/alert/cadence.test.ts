import { setImmediate } from 'node:timers/promises';
import type { UnixMs } from '@tarsier/protocol';
import type { ExpressionRule } from '@tarsier/protocol/api';
import { expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import type { Engine, QueryResult } from '../query/engine.ts';
import { createRuleGroups } from './groups/rule-groups.ts';
import { lookByExpression } from './periodic/expression-look.ts';
import { PeriodicWatch } from './periodic/periodic-watch.ts';
import { Turns } from './turns.ts';

const intervalMs = 10_000;
const scope = { tenantId: 1, tenant: 'acme' };

/** A clock, and a database that answers after as many of its seconds as the query says. */
function startSlowly() {
  const clock = { now: Date.UTC(2026, 10, 24, 10) };
  const waiting = new Set<{ readonly until: UnixMs; readonly answer: () => void }>();
  const asked: Record<string, number> = {};
  const engine: Pick<Engine, 'instant'> = {
    instant: (_, { query, time }) =>
      new Promise<QueryResult>((resolve) => {
        asked[query] = (asked[query] ?? 0) + 1;
        const answer = () =>
          resolve({
            data: { kind: 'vector', time, samples: [] },
            warnings: [],
            infos: [],
            statistics: {
              readMs: 0,
              evaluateMs: 0,
              samplesRead: 0,
              samplesHeld: 0,
              lookedAt: { times: [], samples: new Float64Array() },
            },
          });
        const [, seconds = '0'] = /^(\d+)/u.exec(query) ?? [];
        waiting.add({ until: clock.now + Number(seconds) * 1000, answer });
      }),
  };
  return {
    clock,
    engine,
    asked,
    async pass(seconds: number, tick: (now: UnixMs) => void) {
      for (let second = 0; second < seconds; second++) {
        clock.now += 1_000;
        tick(clock.now);
        // Each answer may make another question.
        for (let turn = 0; turn < 20; turn++) {
          for (const one of waiting) {
            if (one.until > clock.now) continue;
            waiting.delete(one);
            one.answer();
          }
          await setImmediate();
        }
      }
    },
    release() {
      for (const { answer } of waiting) answer();
    },
  };
}

const slow = ['25 + 1', '25 + 2', '25 + 3', '25 + 4', '25 + 5', '25 + 6'];

test('groups that take longer than their interval say so, and hold up no other', async () => {
  const { clock, engine, asked, pass, release } = startSlowly();
  const body = JSON.stringify({
    groups: [...slow, '0'].map((expr) => ({ name: expr, interval: '10s', rules: [{ alert: 'A', expr }] })),
  });
  let missed = 0;
  const said: unknown[] = [];
  const groups = createRuleGroups({
    storage: {
      // Of all that is stored it asks for nothing else.
      ruleFiles: { all: async () => [{ scope, name: 'f', body, updatedAt: 1 }] } as never,
      alerts: { open: async () => [] } as never,
    },
    engine,
    record: () => Promise.resolve(),
    alerts: { save() {}, forget() {} },
    pageUrl: undefined,
    observer: { evaluated() {}, missed: (some) => (missed += some) },
    log: { ...silentLog, warn: (text, fields) => said.push([text, fields?.['group']]) },
    now: () => clock.now,
  });
  await groups.reload();
  await pass(300, groups.tick);
  const states = groups.states(scope);
  const fast = states.find(({ group }) => group.name === '0');
  expect(fast).toMatchObject({ missed: 0, missedAt: 0, evaluationMs: 0, evaluatedAt: expect.any(Number) });
  expect(asked['0']).toBe(30);
  expect(clock.now - (fast?.evaluatedAt ?? 0)).toBeLessThanOrEqual(intervalMs);
  for (const { group, missed: some, missedAt, evaluationMs, rules } of states) {
    if (group.name === '0') continue;
    expect(some).toBeGreaterThan(10);
    expect(clock.now - missedAt).toBeLessThan(120_000);
    expect(evaluationMs).toBeGreaterThan(intervalMs);
    // What it came to is good all the same.
    expect(rules).toMatchObject([{ health: 'ok' }]);
    expect(said).toContainEqual(['a rule group can not keep its cadence', group.name]);
  }
  expect(missed).toBe(states.reduce((sum, state) => sum + state.missed, 0));
  // Once a minute and group, and not at each.
  expect(said.length).toBeLessThanOrEqual(slow.length * 6);
  release();
  await pass(60, () => {});
  await groups.close();
});

test('a rule that takes longer than its interval says so, and holds up no other', async () => {
  const { clock, engine, asked, pass } = startSlowly();
  const turns = new Turns(2);
  let missed = 0;
  const watches = [...slow, '0'].map((expr): PeriodicWatch => {
    const rule: ExpressionRule = {
      id: expr,
      kind: 'expression',
      name: expr,
      severity: 'warning',
      enabled: true,
      expr,
      everyMs: intervalMs,
      forMs: 0,
      keepFiringMs: 0,
    };
    return new PeriodicWatch(
      rule,
      { changed() {}, forgotten() {} },
      {
        look: lookByExpression(engine, scope, rule),
        turns,
        now: () => clock.now,
        onEvaluated() {},
        onMissed: (some) => (missed += some),
      },
    );
  });
  const tick = (now: UnixMs): void => {
    for (const watch of watches.toSorted((a, b) => a.lookedAt - b.lookedAt)) watch.tick(now);
  };
  // Until each was looked at once nobody knows which take long.
  await pass(100, tick);
  const before = asked['0'] ?? 0;
  const missedBefore = watches.at(-1)?.evaluation.missed;
  await pass(200, tick);
  expect((asked['0'] ?? 0) - before).toBe(20);
  expect(watches.at(-1)?.evaluation).toMatchObject({ health: 'ok', missed: missedBefore });
  for (const { evaluation } of watches.slice(0, -1)) {
    expect(evaluation.missed).toBeGreaterThan(10);
    expect(clock.now - (evaluation.missedAt ?? 0)).toBeLessThan(180_000);
    expect(evaluation.health).toBe('ok');
  }
  expect(missed).toBe(watches.reduce((sum, { evaluation }) => sum + evaluation.missed, 0));
});
