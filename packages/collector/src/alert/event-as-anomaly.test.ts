import { afterAll, expect, test } from 'vitest';
import type { AnomalyEvent } from '@tarsier/protocol';
import { createTestStorage } from '../storage/testing.ts';
import { eventAsAnomaly } from './event-as-anomaly.ts';
import { oddRule, start, startAlerting } from './testing.ts';

const { storage, drop } = await createTestStorage(() => start);
afterAll(drop);

const event: AnomalyEvent = {
  id: '1-1-e-1',
  host: 'db-1',
  start,
  peakAt: start + 2000,
  peakSurprise: 6.5,
  page: true,
  peakRatio: 0.3,
  detectors: ['zscore'],
  seriesCount: 12,
  contributors: [],
  reason: '12 of 300 series of db-1 unlike their past',
};

test('a rule for anomaly_event tells a webhook of the event of a host, and that it is over', async () => {
  const rule = { ...oddRule, name: 'Host unlike its past', selector: 'anomaly_event{host="db-1"}', minScore: 0.1 };
  const t = await startAlerting(storage, 'events', [rule]);
  t.anomaly(eventAsAnomaly({ ...event, id: 'other', host: 'db-2' }));
  t.anomaly(eventAsAnomaly(event));
  await t.advanceTo(60);
  expect(t.received).toMatchObject([
    { status: 'firing', alert: { name: 'Host unlike its past', host: 'db-1', reason: event.reason } },
  ]);
  t.anomaly(eventAsAnomaly({ ...event, end: start + 61_000 }));
  await t.advanceTo(62);
  expect(t.received.map(({ status }) => status)).toEqual(['firing', 'resolved']);
  t.close();
});
