import type { Message, UnixMs } from '@tarsier/protocol';
import type { IncidentChart } from '@tarsier/protocol/api';

/** There is no such incident. */
export const exampleIncidentId = 'test';

/** What a channel is told to see whether it works, and how it looks. */
export function exampleMessage(now: UnixMs): Message {
  const since = now - 60_000;
  const host = 'example-1';
  return {
    reason: 'first',
    status: 'firing',
    why: 'this is a test: disk_used_ratio{host="example-1",mount="/"} was 0.93, above 0.9 for 1 min',
    incident: {
      id: exampleIncidentId,
      route: 'test',
      status: 'open',
      title: `Test of this channel on ${host}`,
      severity: 'warning',
      labels: { alertname: 'Test of this channel' },
      openedAt: since,
      grownAt: since,
      changedAt: since,
      firing: 1,
      total: 1,
      hostCount: 1,
      hosts: [host],
      alerts: [
        {
          id: 'test',
          ruleId: 'test',
          name: 'Test of this channel',
          severity: 'warning',
          host,
          metric: 'disk_used_ratio',
          labels: { host, mount: '/' },
          state: { kind: 'firing', since, value: 0.93 },
          reason: 'this is a test: disk_used_ratio{host="example-1",mount="/"} was 0.93, above 0.9 for 1 min',
        },
      ],
      priority: { score: 18, parts: [{ name: 'severity', points: 18, why: 'warning' }] },
      reopenedAt: [],
      telling: { count: 1, status: 'firing', at: now, since: now, severity: 'warning', step: 0, owed: [] },
      entries: 1,
    },
  };
}

/** Its picture: half an hour of a disk that fills. */
export function exampleChart(now: UnixMs): IncidentChart {
  const start = now - 30 * 60_000;
  const times = Array.from({ length: 181 }, (_, i) => start + i * 10_000);
  return {
    title: 'disk_used_ratio{host="example-1",mount="/"}',
    query: 'disk_used_ratio{host="example-1",mount="/"}',
    unit: 'ratio',
    range: { start, end: now },
    series: [{ label: 'example-1', times, values: times.map((_, i) => 0.7 + 0.23 * (i / 180) ** 2) }],
    threshold: { op: '>', value: 0.9 },
    markers: [{ at: now - 120_000, kind: 'start', label: 'start' }],
  };
}
