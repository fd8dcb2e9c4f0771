import type { Alert, Incident } from '@tarsier/protocol';
import type { AlertOutcome } from './incidents.ts';

/** A firing alert of host `a`. */
export function testAlert(id: string, since: number, more: Partial<Alert> = {}): Alert {
  const host = more.host ?? 'a';
  return {
    id,
    ruleId: 'r1',
    name: 'Load',
    severity: 'warning',
    host,
    metric: 'up',
    labels: { host },
    reason: 'why',
    state: { kind: 'firing', since, value: 1 },
    ...more,
  };
}

/** The alert told to the channels, as the only one of incident `i-<alert>`. */
export function testOutcome(alert: Alert, channelIds: readonly string[], at: number): AlertOutcome {
  const status = alert.state.kind === 'resolved' ? 'resolved' : 'firing';
  const number = status === 'resolved' ? 2 : 1;
  const incident: Incident = {
    id: `i-${alert.id}`,
    route: 'default',
    status: status === 'resolved' ? 'resolved' : 'open',
    title: alert.name,
    severity: alert.severity,
    labels: {},
    openedAt: at,
    grownAt: at,
    changedAt: at,
    ...(status === 'resolved' ? { resolvedAt: at } : {}),
    firing: 1,
    total: 1,
    hostCount: 1,
    hosts: [alert.host],
    alerts: [alert],
    priority: { score: 40, parts: [] },
    reopenedAt: [],
    telling: { count: number, status, at, since: at, severity: alert.severity, step: 0, owed: [] },
    entries: number,
  };
  const incidentId = incident.id;
  const id = `${alert.id}/${status}`;
  const reason = status === 'resolved' ? 'resolved' : 'first';
  const message = { reason, status, why: alert.reason, incident } as const;
  return {
    incidents: new Map([[incidentId, incident]]),
    entries: [{ incidentId, number, at, kind: 'told', text: 'ops' }],
    decisions: new Map([
      [id, { id, kind: 'alert', at, incidentId, subject: alert.name, told: true, reason, detail: '' }],
    ]),
    alerts: new Map([[alert.id, { id: alert.id, incidentId, decided: status, told: true }]]),
    notifications: channelIds.map((channelId) => ({
      id: `${incidentId}/${number}/${channelId}`,
      incidentId,
      number,
      channelId,
      at,
      message,
    })),
  };
}
