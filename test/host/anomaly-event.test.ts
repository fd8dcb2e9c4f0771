import { afterAll, afterEach, expect, test } from 'vitest';
import type { AnomalyEvent } from '@tarsier/protocol';
import { eventually, freePort, killAll, run, temporaryFolder } from '../support/processes.ts';
import { createApi, createKey, startAgent, startCollector, type Api } from '../support/tarsier.ts';

const folder = await temporaryFolder();
afterEach(killAll);
afterAll(() => folder.remove());

/** A fifth of a second, so that what a host needs a minute for to be known takes twelve seconds. */
const intervalMs = 200;
const warmupTicks = 100;

async function eventsSince(api: Api, start: number): Promise<readonly AnomalyEvent[]> {
  const range = `host=e2e&start=${start / 1000}&end=${Date.now() / 1000 + 10}`;
  const { events } = (await api.get(`/v1/anomalies/events?${range}`)) as { events: readonly AnomalyEvent[] };
  return events;
}

// The shortened form of `pnpm test:host-faults`, with the fault that no neighbour on a busy machine looks like.
test('a flood of connections is one event with the network on top, and the share of unusual series is a series', async () => {
  const data = `${folder.path}/data`;
  const collector = await startCollector(data, await freePort());
  const began = Date.now();
  const agent = startAgent(collector.url, collector.ingestKey, `${folder.path}/agent`, {
    TARSIER_HOST: 'e2e',
    TARSIER_INTERVAL_MS: String(intervalMs),
    TARSIER_FLUSH_MS: '1000',
  });
  const api = createApi(collector.url, await createKey(data, 'read'));
  await eventually(async () => {
    const [series] = await api.samples('system_uptime_seconds{host="e2e"}', began, Date.now());
    return (series?.points.length ?? 0) > warmupTicks ? true : undefined;
  });

  const fault = run('test/support/host-fault.ts', ['network'], {});
  await fault.lineThat((line) => (line === 'begun' ? true : undefined));
  const faultAt = Date.now();
  const event = await eventually(async () =>
    (await eventsSince(api, faultAt)).find(({ contributors }) =>
      contributors.slice(0, 3).some(({ metric }) => /^(?:network|netstat)_/u.test(metric)),
    ),
  );
  expect(event.reason).toMatch(/series of e2e unlike their past, most of all .* was usual/u);
  expect(event.detectors).toContain('zscore');
  for (const { labels, detectors, low, expected, high, value, peakAt, since } of event.contributors) {
    expect(labels['host']).toBe('e2e');
    expect(detectors).toContain('zscore');
    expect(low < expected && expected < high && (value < low || value > high)).toBe(true);
    expect(since).toBeLessThanOrEqual(peakAt);
  }
  expect(await api.get(`/v1/anomalies/events/${event.id}`)).toMatchObject({ id: event.id, host: 'e2e' });
  // Of a host in an event they are stored every ten seconds.
  const ratios = await eventually(async () => {
    const [series] = await api.samples('host_anomaly_ratio{host="e2e"}', faultAt - 10_000, Date.now() + 10_000);
    return series?.points.some(([, ratio]) => ratio > 0) === true ? series.points : undefined;
  });
  for (const [, ratio] of ratios) expect(ratio).toBeLessThanOrEqual(1);
  await fault.end('SIGTERM');
  expect(await agent.end('SIGTERM')).toBe(0);
  expect(await collector.end('SIGTERM')).toBe(0);
});
