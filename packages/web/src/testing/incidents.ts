/** Incidents for element tests. */
import type { Alert, Incident } from '@tarsier/protocol';
import type { ChangesResponse, IncidentChartResponse, IncidentResponse } from '@tarsier/protocol/api';

const minuteMs = 60_000;

export function testIncident(id: string, now: number, change: Partial<Incident> = {}): Incident {
  const since = now - 4 * minuteMs;
  const alert: Alert = {
    id: `a-${id}`,
    ruleId: 'r',
    name: 'Latency high',
    severity: change.severity ?? 'critical',
    host: 'web-1',
    metric: 'latency_seconds',
    labels: { host: 'web-1' },
    state: { kind: 'firing', since, value: 1.2 },
    reason: 'latency_seconds{host="web-1"} was 1.2, above 0.5 for 1 min',
    annotations: { runbook_url: 'https://runbooks.example/latency', description: 'Requests take too long.' },
  };
  return {
    id,
    route: 'default',
    status: 'open',
    title: `Latency high on web-1`,
    severity: 'critical',
    labels: { alertname: 'Latency high' },
    openedAt: since,
    grownAt: since,
    changedAt: since,
    firing: 1,
    total: 1,
    hostCount: 1,
    hosts: ['web-1'],
    alerts: [alert],
    priority: {
      score: 53,
      parts: [
        { name: 'severity', points: 30, why: 'critical' },
        { name: 'breadth', points: 3.3, why: '2 hosts' },
        { name: 'novelty', points: 10, why: 'not seen in 30 days' },
        { name: 'feedback', points: 5, why: 'called useful 0 times, noise 0 times' },
        { name: 'hour', points: 5, why: 'off hours, 3:00 UTC' },
      ],
    },
    reopenedAt: [],
    telling: { count: 1, status: 'firing', at: since, since, severity: 'critical', step: 0, owed: [] },
    entries: 3,
    ...change,
  };
}

export function testView(incident: Incident, now: number): IncidentResponse {
  const began = incident.openedAt;
  const range = { start: began - 30 * minuteMs, end: now };
  return {
    incident,
    timeline: [
      {
        at: began - 3 * minuteMs,
        kind: 'event',
        text: 'deployment: shop 1.42',
        host: 'web-1',
        link: 'https://ci.example/42',
      },
      { at: began - minuteMs, kind: 'anomaly', text: '12 series unlike their past', host: 'web-1' },
      { at: began, kind: 'opened', text: 'by Latency high on web-1: latency_seconds was 1.2, above 0.5' },
      { at: began, kind: 'told', text: 'ops, ann-phone (ann, on call): latency_seconds was 1.2, above 0.5' },
      { at: began + 1_000, kind: 'unsent', text: 'Disk slow on web-1 fires: not told (grouped)' },
      { at: began + minuteMs, kind: 'action', by: 'ann', text: 'I look into it' },
    ],
    notifications: [],
    anomalies: [],
    events: [],
    range,
    links: { incident: '/#/alerts/x', hosts: [] },
  };
}

export function testChanges(now: number): ChangesResponse {
  const start = now - 4 * minuteMs;
  const common = { labels: { host: 'web-1' }, unit: '', isRate: false, correlation: 1, changedAt: start };
  return {
    changes: [
      {
        ...common,
        metric: 'latency_seconds',
        unit: 'seconds',
        score: 0.91,
        before: 0.21,
        after: 1.2,
        alike: 2,
        isAlert: true,
      },
      {
        ...common,
        metric: 'errors_total',
        isRate: true,
        score: 0.74,
        before: 0,
        after: 12.5,
        alike: 0,
        isAlert: false,
      },
      {
        ...common,
        metric: 'threads',
        score: 0.44,
        before: 80,
        after: 20,
        correlation: -1,
        changedAt: start - 3 * minuteMs,
        alike: 0,
        isAlert: false,
      },
    ],
    start,
    range: { start: start - 30 * minuteMs, end: now },
    hosts: ['web-1'],
    seriesCompared: 214,
    hostsLeftOut: 0,
  };
}

export function testChart(now: number): IncidentChartResponse {
  const start = now - 34 * minuteMs;
  return {
    chart: {
      title: 'latency_seconds{host="web-1"}',
      query: 'latency_seconds{host="web-1"}',
      unit: 'seconds',
      range: { start, end: now },
      series: [{ label: 'web-1', times: [start, now], values: [0.2, 1.2] }],
      threshold: { op: '>', value: 0.5 },
      markers: [
        { at: now - 7 * minuteMs, kind: 'event', label: 'deployment: shop 1.42' },
        { at: now - 4 * minuteMs, kind: 'start', label: 'start' },
      ],
    },
  };
}

/** What the Prometheus API answers to a query of the chart above. */
export function testMatrix(now: number): object {
  const values = Array.from({ length: 200 }, (_, i): [number, string] => {
    const at = now - (200 - i) * 10_000;
    return [at / 1000, String((at > now - 4 * minuteMs ? 1.1 : 0.2) + Math.sin(i) / 20)];
  });
  return {
    status: 'success',
    data: { resultType: 'matrix', result: [{ metric: { __name__: 'latency_seconds', host: 'web-1' }, values }] },
  };
}
