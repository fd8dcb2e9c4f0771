import type { StoredSamples } from '../stored-samples.ts';
import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { createTestStorage } from '../storage/testing.ts';
import { createAlerting } from './alerting.ts';
import { nothingStored } from './testing.ts';
import { readFile } from 'node:fs/promises';
import { newRuleSchema } from '@tarsier/protocol/api';
import { defaultRules, ensureDefaultRules } from './default-rules.ts';

const start = Date.UTC(2026, 10, 24, 10);
const { storage, drop } = await createTestStorage(() => start);
afterAll(drop);

/** Ten minutes of a host with these levels throughout; what the default rules say of it. */
async function alertsOf(tenant: string, levels: { cpu: number; memory: number; disk: number }): Promise<string[]> {
  const scope = await storage.tenants.ensure(tenant);
  await ensureDefaultRules(storage, scope);
  const alerting = createAlerting({ ...nothingStored, storage, onAlert() {}, log: silentLog, now: () => start });
  await alerting.restore(scope);
  const gauge = (name: string) => ({ name, kind: 'gauge' as const, unit: 'ratio', help: '' });
  const rows = 600;
  const stored: StoredSamples = {
    epoch: 1,
    seq: 0,
    schema: {
      scope,
      hostId: 1,
      host: 'a',
      hash: new Uint8Array(16),
      schema: {
        metrics: ['cpu_busy_ratio', 'memory_used_ratio', 'disk_used_ratio'].map(gauge),
        series: [
          { metric: 0, labels: { cpu: 'all' } },
          { metric: 0, labels: { cpu: '0' } },
          { metric: 1, labels: {} },
          { metric: 2, labels: { mount: '/', device: 'vda1' } },
        ],
      },
      seriesIds: Int32Array.of(1, 2, 3, 4),
      agent: true,
    },
    matrix: {
      times: Float64Array.from({ length: rows }, (_, row) => start + row * 1000),
      width: 4,
      // One core is always busy, which is nobody's concern.
      values: Float64Array.from(
        [levels.cpu, 1, levels.memory, levels.disk].flatMap((level) => Array.from({ length: rows }, () => level)),
      ),
    },
  };
  alerting.consume(stored);
  await alerting.tick(start);
  const { items: firing } = await storage.lists.alerts(scope, { state: 'firing', limit: 10 });
  return firing.map(({ name, severity }) => `${name} (${severity})`).toSorted();
}

test('a host that works hard, but has room, is no alert', async () => {
  expect(await alertsOf('healthy', { cpu: 0.85, memory: 0.9, disk: 0.85 })).toEqual([]);
});

test('a host that is full of everything is told of, once each by severity', async () => {
  expect(await alertsOf('full', { cpu: 0.99, memory: 0.97, disk: 0.98 })).toEqual([
    'CPU busy (warning)',
    'Disk filling (warning)',
    'Disk nearly full (critical)',
    'Memory nearly full (critical)',
  ]);
});

test('a tenant that deleted a default rule does not get it back', async () => {
  const scope = await storage.tenants.ensure('deleted');
  await ensureDefaultRules(storage, scope);
  const [first, ...others] = await storage.rules.list(scope);
  await storage.rules.delete(scope, first?.id ?? '');
  await ensureDefaultRules(storage, scope);
  expect(await storage.rules.list(scope)).toEqual(others);
});

test('every default rule is one that could be made by hand, and has its page among the runbooks', async () => {
  const runbooks = await readFile(new URL('../../runbooks.md', import.meta.url), 'utf8');
  const headings = runbooks.split('\n').flatMap((line) => (line.startsWith('## ') ? [line.slice(3)] : []));
  expect(defaultRules.map((rule) => newRuleSchema.parse(rule))).toEqual(defaultRules);
  expect(headings.toSorted()).toEqual(defaultRules.map(({ name }) => name).toSorted());
});
