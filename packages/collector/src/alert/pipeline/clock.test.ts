import { setImmediate } from 'node:timers/promises';
import { newRouteSchema, newChannelSchema } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../../log.ts';
import { createTestStorage } from '../../storage/testing.ts';
import { testAlert, testOutcome } from '../../storage/testing-incidents.ts';
import { createRuleGroups } from '../groups/rule-groups.ts';
import { nothingStored } from '../testing.ts';
import { Desk } from './desk.ts';
import { compilePolicies } from './policies.ts';

const start = Date.UTC(2026, 10, 24, 10);
const hour = 3_600_000;
const { storage, drop } = await createTestStorage(() => start);
afterAll(drop);

const channel = { ...newChannelSchema.parse({ kind: 'webhook', name: 'ops', url: 'http://127.0.0.1:9/' }), id: 'ops' };
const alert = (id: string, host: string, since: number) => testAlert(id.padEnd(32, '0'), since, { host, name: 'Load' });

/** What a desk tells of alerts that begin one after the other, by clocks that go as they are told. */
function toldBy(events: readonly (readonly [at: number, id?: string])[], route: object = {}): readonly string[] {
  const policies = compilePolicies({
    routes: [{ ...newRouteSchema.parse({ name: 'all', ...route }), id: 'all' }],
    silences: [],
    inhibitions: [],
    rotations: [],
    overrides: [],
    channels: [channel],
  });
  const desk = new Desk(policies, { incidents: [], sent: new Map(), history: new Map() });
  return events.flatMap(([at, id]) => {
    const outcome = desk.run(id === undefined ? [] : [alert(id, id, at)], at);
    return (outcome?.notifications ?? []).map(({ message }) => message.reason);
  });
}

test('a clock that was put back by an hour holds up what joins no longer than a clock that was not', () => {
  const back = start - hour;
  expect(toldBy([[start, 'a'], [back, 'b'], [back + 59_000], [back + 61_000]])).toEqual(['first', 'more']);
});

test('a clock that was put back repeats nothing and escalates nothing early', () => {
  const back = start - hour;
  const escalation = [{ afterMs: 900_000, channels: ['ops'] }];
  const waits = [[start, 'a'], [back], [back + 899_000]] as const;
  expect(toldBy(waits, { escalation })).toEqual(['first']);
  expect(toldBy([...waits, [back + 901_000]], { escalation })).toEqual(['first', 'escalated']);
});

test('a clock that is put forward tells at once what was to be told by then, once', () => {
  expect(toldBy([[start, 'a'], [start + 5 * hour], [start + 5 * hour + 1_000]])).toEqual(['first', 'repeat']);
});

test('what is to be sent by a clock that was ahead is sent once that was put back, and what is on its way once', async () => {
  const scope = await storage.tenants.ensure('put-back');
  const { id: channelId } = await storage.channels.create(scope, {
    kind: 'webhook',
    name: 'ops',
    url: 'http://127.0.0.1:9/',
  });
  await storage.incidents.save(scope, testOutcome(alert('x', 'x', start + hour), [channelId], start + hour));
  expect(await storage.notifications.due(start, 9)).toEqual([]);
  await storage.notifications.clockWasPutBack(start);
  expect(await storage.notifications.due(start, 9)).toHaveLength(1);
  await storage.notifications.clockWasPutBack(start - hour);
  expect(await storage.notifications.due(start - hour, 9)).toEqual([]);
  expect(await storage.notifications.due(start - hour + 60_000, 9)).toHaveLength(1);
});

test('rule groups keep their interval when the clock is put back, and say what they left out when it is put forward', async () => {
  const scope = await storage.tenants.ensure('groups');
  await storage.ruleFiles.put(scope, 'f', 'groups: [{name: g, interval: 10s, rules: [{alert: A, expr: vector(1)}]}]');
  let [now, missed, evaluations] = [start, 0, 0];
  const said: string[] = [];
  const groups = createRuleGroups({
    ...nothingStored,
    storage: {
      ...storage,
      ruleFiles: {
        ...storage.ruleFiles,
        all: async () => (await storage.ruleFiles.all()).filter((one) => one.scope.tenantId === scope.tenantId),
      },
    },
    record: () => Promise.resolve(),
    alerts: { save() {}, forget() {} },
    observer: { evaluated: () => evaluations++, missed: (some) => (missed += some) },
    log: { ...silentLog, warn: (text) => said.push(text) },
    now: () => now,
  });
  await groups.reload();
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      now += 1_000;
      groups.tick(now);
      // An evaluation here is a few turns of the event loop.
      for (let turn = 0; turn < 20; turn++) await setImmediate();
    }
  };
  await pass(30);
  expect([evaluations, missed]).toEqual([3, 0]);
  now -= hour;
  await pass(30);
  expect([evaluations >= 6, missed]).toEqual([true, 0]);
  now += hour;
  await pass(1);
  expect(missed).toBeGreaterThanOrEqual(359);
  expect(said).toEqual(['a rule group can not keep its cadence']);
  expect(groups.states(scope)[0]?.missed).toBe(missed);
  await groups.close();
});
