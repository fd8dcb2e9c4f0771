import { newChannelSchema } from '@tarsier/protocol/api';
import { afterAll, expect, test } from 'vitest';
import { createTestStorage } from '../storage/testing.ts';
import { createForeignSilenceReader } from './foreign-silences.ts';
import { readPolicies } from './pipeline/read-policies.ts';

const now = Date.UTC(2026, 10, 24, 10);
const { storage, drop } = await createTestStorage(() => now);
afterAll(drop);

const matcher = (name: string, value: string, more: object = {}) => ({
  ...{ name, value, isRegex: false, isEqual: true },
  ...more,
});
const silence = (id: string, state: string, matchers: readonly object[]) => ({
  id,
  status: { state },
  updatedAt: '2026-11-24T09:00:00.000Z',
  startsAt: '2026-11-24T09:00:00.12Z',
  endsAt: '2026-11-24T12:00:00Z',
  createdBy: 'ann',
  comment: 'new disk',
  matchers,
});

test('what an Alertmanager silences is silenced here, as long as it says so and the channel is there', async () => {
  const scope = await storage.tenants.ensure('forwards');
  const other = await storage.tenants.ensure('does-not');
  const { id, ...channel } = await storage.channels.create(scope, {
    kind: 'alertmanager',
    name: 'central',
    url: 'https://am.example/prefix/',
  });
  const asked: string[] = [];
  let answer: { status: number; text: string } | Error = { status: 200, text: '' };
  const said: object[] = [];
  let changes = 0;
  const reader = createForeignSilenceReader({
    storage,
    egress: {
      async get(url) {
        asked.push(url);
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    onChange: async () => void changes++,
    log: { debug() {}, info() {}, error() {}, warn: (_, fields) => void said.push(fields ?? {}) },
  });
  const silences = async (answered: object[] | typeof answer) => {
    answer = Array.isArray(answered) ? { status: 200, text: JSON.stringify(answered) } : answered;
    await reader.refresh(() => true);
    return (await readPolicies(storage, scope)).silences.map(({ matchers }) => matchers.join(','));
  };

  const host = silence('1', 'active', [
    matcher('host', 'db-1'),
    matcher('job', 'x|y', { isRegex: true, isEqual: false }),
  ]);
  const over = silence('2', 'expired', [matcher('host', 'db-2')]);
  expect(await silences([host, over])).toEqual(['host="db-1",job!~"x|y"']);
  expect(asked).toEqual(['https://am.example/prefix/api/v2/silences']);
  expect((await storage.alertPolicies.foreignSilences.list(scope))[0]).toMatchObject({
    ...{ id: `${id}:1`, from: 'central', createdBy: 'ann', comment: 'new disk' },
    ...{ startsAt: Date.parse('2026-11-24T09:00:00.120Z'), endsAt: Date.parse('2026-11-24T12:00:00Z') },
  });
  expect((await readPolicies(storage, other)).silences).toEqual([]);
  expect(await silences([host, over])).toHaveLength(1);
  expect(changes).toBe(1);

  // It is away, or says something else: what it said before goes on, and that is logged once.
  expect(await silences(new Error('refused'))).toHaveLength(1);
  expect(await silences(new Error('refused'))).toHaveLength(1);
  expect(await silences({ status: 200, text: '<html>' })).toHaveLength(1);
  expect(said).toHaveLength(2);

  // What can not be read here mutes nothing; the others count.
  const strange = silence('3', 'active', [matcher('bad name', 'x')]);
  const coming = silence('4', 'pending', [matcher('host', 'db-4')]);
  expect(await silences([strange, coming])).toEqual(['host="db-4"']);
  expect(said.at(-1)).toMatchObject({ channel: 'central', problem: '1 are not understood' });

  // The channel leads elsewhere now.
  const webhook = newChannelSchema.parse({ ...channel, kind: 'webhook', url: 'https://hook.example/' });
  await storage.channels.replace(scope, id, webhook);
  expect((await readPolicies(storage, scope)).silences).toEqual([]);
  await reader.refresh(() => true);
  expect(await storage.alertPolicies.foreignSilences.tenants()).toEqual([]);
});

test('one statement tells whose rules and policies have changed', async () => {
  const [one, two] = [await storage.tenants.ensure('one'), await storage.tenants.ensure('two')];
  const marks = async () => {
    const all = await storage.alertPolicies.marks();
    expect((await storage.alertPolicies.marks(one)).get(one.tenantId)).toBe(all.get(one.tenantId));
    return [all.get(one.tenantId), all.get(two.tenantId)] as const;
  };
  const inhibition = { name: 'x', source: ['a="1"'], target: ['b="1"'], equal: [] };
  const { id } = await storage.alertPolicies.inhibitions.create(one, inhibition);
  const made = await marks();
  await storage.alertPolicies.inhibitions.replace(one, id, { ...inhibition, name: 'y' });
  const changed = await marks();
  expect(changed[0]).not.toBe(made[0]);
  expect(changed[1]).toBe(made[1]);
  await storage.channels.create(two, { kind: 'webhook', name: 'w', url: 'https://x.example/' });
  const more = await marks();
  expect(more[0]).toBe(changed[0]);
  expect(more[1]).not.toBe(changed[1]);
});
