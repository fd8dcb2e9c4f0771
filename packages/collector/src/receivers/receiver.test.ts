import { describeMetric } from '@tarsier/protocol/formats';
import { afterAll, expect, test } from 'vitest';
import { createIngest, maxFutureMs } from '../ingest/ingest.ts';
import { silentLog } from '../log.ts';
import { maxBatchSpanMs } from '../storage/batches.ts';
import { createTestStorage } from '../storage/testing.ts';
import type { ForeignSeries } from './foreign-series.ts';
import { createReceiver, type Receiver } from './receiver.ts';

const { storage, sql, drop } = await createTestStorage();
await storage.ensurePartitions(Date.now());
afterAll(drop);

/** As a collector has it that has just started. */
function startReceiver(): Receiver {
  const ingest = createIngest({ storage, consumers: [], watched: () => false, log: silentLog });
  return createReceiver({ ingest, maxSpanMs: maxBatchSpanMs, maxFutureMs, now: Date.now });
}

function series(name: string, time: number): ForeignSeries {
  const metric = describeMetric(name, 'gauge', '', '');
  return { metric, labels: { host: 'box' }, key: name, times: [time], values: Float64Array.of(1) };
}

const options = { hosts: { labels: ['host'], otherwise: 'none' }, maxAgeMs: 3_600_000 };

test('a collector that starts while a tenant is at its limit still knows the series that are there', async () => {
  const scope = await storage.tenants.ensure('restart');
  const now = Date.now();
  const known = ['a', 'b', 'c'];
  const first = startReceiver();
  await first.take(
    scope,
    known.map((name) => series(name, now - 1000)),
    options,
  );
  await sql`update tenant set max_series = 3 where tenant_id = ${scope.tenantId}`;

  // Two at once, so that the first finds its columns joined by others when it is refused.
  const second = startReceiver();
  const requests = [
    ['a', 'new_1'],
    ['b', 'new_2', 'c'],
  ];
  const received = await Promise.all(
    requests.map((names) =>
      second.take(
        scope,
        names.map((name) => series(name, now)),
        options,
      ),
    ),
  );
  expect(received).toMatchObject([
    { stored: 1, rejected: 1, reason: expect.stringContaining('1 of them of new_1') },
    { stored: 2, rejected: 1 },
  ]);
  const rows = await storage.series.candidates(scope, []);
  expect(rows.map(({ name }) => name).toSorted()).toEqual(known);
  const columns = await storage.samples.read(scope, rows, { from: now - 5000, to: now });
  expect([...columns.values()].map(({ times }) => [...times])).toEqual(known.map(() => [now - 1000, now]));
});
