import { expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import type { RegisteredSchema } from '../storage/series-catalog.ts';
import { createOnlookers, forgottenMs } from './onlookers.ts';

const scope = { tenantId: 1, tenant: 'one' };

function storedOf(host: string, of = scope) {
  const schema: RegisteredSchema = {
    scope: of,
    host,
    hostId: 1,
    hash: new Uint8Array(16),
    agent: true,
    schema: {
      metrics: [{ name: 'cpu_busy_ratio', kind: 'gauge', unit: '', help: '' }],
      series: [{ metric: 0, labels: {} }],
    },
    seriesIds: Int32Array.of(1),
  };
  return { schema, epoch: 1, seq: 1, matrix: { times: Float64Array.of(1), width: 1, values: Float64Array.of(1) } };
}

function start() {
  const clock = { ms: 0 };
  const onlookers = createOnlookers({ self: 'here', log: silentLog, now: () => clock.ms });
  const batch = storedOf('web-1');
  return { clock, batch, ...onlookers };
}

test('others are told of batches that have some of what they watch, and of no others', () => {
  const { told, want, watch, batch } = start();
  expect(want(batch)).toBe(false);
  told({ from: 'b', scope, selectors: ['cpu_busy_ratio{host="web-1"}', 'no selector'] });
  expect(want(batch)).toBe(true);
  expect(want(storedOf('web-2'))).toBe(false);
  expect(want(storedOf('web-1', { tenantId: 2, tenant: 'two' }))).toBe(false);
  // Agents of hosts that somebody looks at are asked for each second.
  expect(['web-1', 'web-2'].map((host) => watch(scope, host))).toEqual([true, false]);
});

test('what a collector watches counts until it says otherwise, or says nothing for a while; its own word does not', () => {
  const { told, want, batch, clock } = start();
  told({ from: 'here', scope, selectors: ['cpu_busy_ratio'] });
  expect(want(batch)).toBe(false);
  for (const from of ['b', 'c']) told({ from, scope, selectors: ['cpu_busy_ratio'] });
  told({ from: 'b', scope, selectors: ['mem_used_bytes'] });
  expect(want(batch)).toBe(true);
  told({ from: 'c', scope, selectors: [] });
  expect(want(batch)).toBe(false);
  told({ from: 'b', scope, selectors: ['cpu_busy_ratio'] });
  clock.ms += forgottenMs;
  expect(want(batch)).toBe(true);
  clock.ms += 1;
  expect(want(batch)).toBe(false);
});
