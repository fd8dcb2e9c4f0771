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

test('hosts of one cluster that turn anomalous together are one incident, and one of another is not', async () => {
  const rule = { ...oddRule, name: 'Host unlike its past', selector: 'anomaly_event', minScore: 0.1 };
  // Not for the name that their alerts have in common.
  const t = await startAlerting(storage, 'group', [rule], { groupBy: ['alertname', 'host'] });
  const ofCluster = (id: string, cluster: string) => eventAsAnomaly({ ...event, id, host: id, labels: { cluster } });
  t.anomaly(ofCluster('db-1', 'shop'));
  await t.advanceTo(1);
  t.anomaly(ofCluster('db-2', 'shop'));
  t.anomaly(ofCluster('db-9', 'blog'));
  await t.advanceTo(5);
  expect(t.received.map(({ because, incident }) => `${because} ${incident.title}`).toSorted()).toEqual([
    'first Host unlike its past on db-1',
    'first Host unlike its past on db-9',
  ]);
  await t.advanceTo(65);
  expect(t.received.at(-1)?.incident).toMatchObject({ hosts: ['db-1', 'db-2'], total: 2 });
  t.close();
});
