/** Alertmanager's formats: what it sends (webhook version 4), and what it takes (API version 2). */
import type { Alert, Labels } from '@tarsier/protocol';
import type { ChannelOf } from '@tarsier/protocol/api';
import { jsonRequest, type HttpRequest, type Sending } from './sending.ts';

/** https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
export function alertmanagerWebhook(
  { url, name }: ChannelOf<'alertmanager-webhook'>,
  { message, link }: Sending,
): HttpRequest {
  const { incident } = message;
  const alerts = incident.alerts.map((alert) => ({
    status: alert.state.kind === 'resolved' ? 'resolved' : 'firing',
    labels: labelsOf(alert),
    annotations: annotationsOf(alert),
    startsAt: new Date(alert.state.since).toISOString(),
    // Go's zero time: it goes on.
    endsAt: alert.state.kind === 'resolved' ? new Date(alert.state.resolvedAt).toISOString() : '0001-01-01T00:00:00Z',
    generatorURL: link ?? '',
    fingerprint: alert.id.slice(0, 16),
  }));
  return jsonRequest(url, {
    version: '4',
    groupKey: `{}:{incident="${incident.id}"}`,
    truncatedAlerts: Math.max(0, incident.total - alerts.length),
    status: message.status,
    receiver: name,
    groupLabels: incident.labels,
    commonLabels: common(alerts.map(({ labels }) => labels)),
    commonAnnotations: common(alerts.map(({ annotations }) => annotations)),
    externalURL: link ?? '',
    alerts,
  });
}

/** Of API version 2; the channel's address may end with slashes. */
export function apiAddress(url: string, path: string): string {
  return `${url.replace(/\/+$/u, '')}/api/v2/${path}`;
}

/** Without word for this long an Alertmanager takes an alert for over; that it is over is sent before. */
const lastsMs = 24 * 3_600_000;

/** `POST /api/v2/alerts`, as a Prometheus does it: an end in the future says that the alert fires. */
export function alertmanager({ url }: ChannelOf<'alertmanager'>, { message, createdAt, link }: Sending): HttpRequest {
  return jsonRequest(
    apiAddress(url, 'alerts'),
    message.incident.alerts.map((alert) => ({
      labels: labelsOf(alert),
      annotations: annotationsOf(alert),
      startsAt: new Date(alert.state.since).toISOString(),
      endsAt: new Date(alert.state.kind === 'resolved' ? alert.state.resolvedAt : createdAt + lastsMs).toISOString(),
      ...(link === undefined ? {} : { generatorURL: link }),
    })),
  );
}

function labelsOf({ name, severity, host, labels }: Alert): Labels {
  return { ...labels, ...(host === '' ? {} : { host }), alertname: name, severity };
}

function annotationsOf({ reason, annotations }: Alert): Labels {
  return { summary: reason, ...annotations };
}

/** Pairs that all have. */
function common([first = {}, ...others]: readonly Labels[]): Labels {
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((other) => other[name] === value)),
  );
}
