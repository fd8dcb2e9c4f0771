/** What a person reads, whatever the channel. */
import type { Message } from '@tarsier/protocol';
import { fillTemplate, type Channel } from '@tarsier/protocol/api';

const mostAlerts = 5;

/** `[FIRING critical] Disk filling on db-1`, or what the channel's template says. */
export function titleFor({ template }: Pick<Channel, 'template'>, message: Message, link: string | undefined): string {
  if (template.title !== undefined) return fillTemplate(template.title, fieldsOf(message, link)).slice(0, 500);
  const { status, incident } = message;
  return `[${status === 'resolved' ? 'RESOLVED' : `FIRING ${incident.severity}`}] ${incident.title}`;
}

/** Why it is told, since when, how urgent it is and why, which alerts, where to look. */
export function textFor({ template }: Pick<Channel, 'template'>, message: Message, link: string | undefined): string {
  if (template.text !== undefined) return fillTemplate(template.text, fieldsOf(message, link));
  const { why, incident } = message;
  const { priority, alerts, hosts, hostCount, total } = incident;
  const parts = priority.parts
    .filter(({ points }) => points > 0)
    .map(({ name, points, why: of }) => `${name} ${points} (${of})`);
  const others = alerts
    .slice(1, mostAlerts)
    .map(({ name, host, reason }) => `- ${name}${host === '' ? '' : ` on ${host}`}: ${reason}`);
  const more = total - 1 - others.length;
  return [
    why,
    `Since ${new Date(incident.openedAt).toISOString()}${hostCount > 1 ? `, ${hostCount} hosts: ${hosts.slice(0, mostAlerts).join(', ')}${hostCount > mostAlerts ? ', …' : ''}` : ''}`,
    `Priority ${priority.score}: ${parts.join(', ')}`,
    ...(incident.acknowledged === undefined ? [] : [`Acknowledged by ${incident.acknowledged.by}`]),
    ...(others.length === 0 ? [] : ['Also:', ...others, ...(more > 0 ? [`- and ${more} more`] : [])]),
    ...(alerts[0]?.annotations?.['runbook_url'] === undefined
      ? []
      : [`Runbook: ${alerts[0].annotations['runbook_url']}`]),
    ...(link === undefined ? [] : [link]),
  ].join('\n');
}

/** Most urgent things first, as providers with their own words for it have them. */
export function severityWord<T>(message: Message, words: Readonly<Record<Message['incident']['severity'], T>>): T {
  return words[message.incident.severity];
}

/** `#b3261e`, and green once it is over. */
export function colorOf({ status, incident }: Message): string {
  if (status === 'resolved') return '#1f7a3f';
  return { info: '#2f6fb0', warning: '#c77700', critical: '#b3261e', page: '#b3261e' }[incident.severity];
}

function fieldsOf({ status, reason, why, incident }: Message, link: string | undefined): (name: string) => string {
  const [leading] = incident.alerts;
  const fields: Readonly<Record<string, string>> = {
    title: incident.title,
    why,
    status,
    reason,
    severity: incident.severity,
    priority: String(incident.priority.score),
    alert: leading?.name ?? '',
    host: leading?.host ?? '',
    hosts: incident.hosts.join(', '),
    firing: String(incident.firing),
    total: String(incident.total),
    started: new Date(incident.openedAt).toISOString(),
    link: link ?? '',
  };
  return (name) =>
    name.startsWith('labels.') ? (leading?.labels[name.slice('labels.'.length)] ?? '') : (fields[name] ?? '');
}
