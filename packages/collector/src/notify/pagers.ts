/** Services that wake people: they keep an alert of their own for each incident, by its id. */
import type { ChannelOf } from '@tarsier/protocol/api';
import { jsonRequest, type HttpRequest, type Sending } from './sending.ts';
import { severityWord } from './words.ts';

/** https://developer.pagerduty.com/docs/send-alert-event (Events API v2) */
export function pagerduty(
  { url, routingKey }: ChannelOf<'pagerduty'>,
  { title, text, link, message, picture }: Sending,
): HttpRequest {
  const { incident, status } = message;
  const event = { routing_key: routingKey, dedup_key: incident.id };
  if (status === 'resolved') return jsonRequest(url, { ...event, event_action: 'resolve' });
  return jsonRequest(url, {
    ...event,
    event_action: 'trigger',
    payload: {
      summary: title.slice(0, 1_024),
      source: incident.hosts[0] ?? 'tarsier',
      severity: severityWord(message, pagerdutySeverities),
      timestamp: new Date(incident.openedAt).toISOString(),
      class: incident.alerts[0]?.name ?? '',
      custom_details: { text, priority: incident.priority.score, firing: incident.firing, hosts: incident.hosts },
    },
    client: 'Tarsier',
    ...(link === undefined ? {} : { client_url: link, links: [{ href: link, text: 'Open in Tarsier' }] }),
    ...(picture?.address === undefined ? {} : { images: [{ src: picture.address, alt: picture.alt }] }),
  });
}

const pagerdutySeverities = { info: 'info', warning: 'warning', critical: 'error', page: 'critical' } as const;

/** https://docs.opsgenie.com/docs/alert-api: created again under the same alias it is one alert there. */
export function opsgenie(
  { apiUrl, apiKey }: ChannelOf<'opsgenie'>,
  { title, text, link, message }: Sending,
): HttpRequest {
  const { incident, status } = message;
  const alerts = `${apiUrl.replace(/\/+$/u, '')}/v2/alerts`;
  const headers = { authorization: `GenieKey ${apiKey}` };
  if (status === 'resolved') {
    const url = `${alerts}/${encodeURIComponent(incident.id)}/close?identifierType=alias`;
    return jsonRequest(url, { source: 'Tarsier', note: text.slice(0, 25_000) }, headers);
  }
  return jsonRequest(
    alerts,
    {
      message: title.slice(0, 130),
      alias: incident.id,
      description: text.slice(0, 15_000),
      priority: severityWord(message, opsgeniePriorities),
      source: 'Tarsier',
      entity: incident.hosts[0] ?? '',
      details: { priority: String(incident.priority.score), ...(link === undefined ? {} : { link }) },
    },
    headers,
  );
}

const opsgeniePriorities = { info: 'P5', warning: 'P3', critical: 'P2', page: 'P1' } as const;
