/** Which incidents a list shows, and in which order. */
import type { Incident, Severity } from '@tarsier/protocol';

export const states = ['any', 'needs', 'open', 'acknowledged', 'snoozed', 'resolved'] as const;
export type IncidentState = (typeof states)[number];
export const sorts = ['priority', 'newest'] as const;
export type IncidentSort = (typeof sorts)[number];

export interface IncidentFilter {
  readonly text: string;
  /** This bad or worse. */
  readonly least: Severity;
  readonly state: IncidentState;
  readonly host: string;
}

const ranks = { info: 0, warning: 1, critical: 2, page: 3 } as const;

/** Open ones first; among them as asked for. */
export function chosen(
  incidents: readonly Incident[],
  { text, least, state, host }: IncidentFilter,
  sort: IncidentSort,
  now: number,
): readonly Incident[] {
  const words = text.toLowerCase().split(/\s+/u).filter(Boolean);
  return incidents
    .filter(
      (incident) =>
        ranks[incident.severity] >= ranks[least] &&
        isIn(incident, state, now) &&
        (host === '' || incident.hosts.includes(host)) &&
        words.every((word) => searched(incident).includes(word)),
    )
    .toSorted((a, b) => openFirst(a, b) || (sort === 'priority' ? urgency(a, b) : 0) || began(b) - began(a));
}

function isIn(incident: Incident, state: IncidentState, now: number): boolean {
  const isOpen = incident.status === 'open';
  const snoozed = (incident.snoozedUntil ?? 0) > now;
  switch (state) {
    case 'any':
      return true;
    case 'needs':
      return isOpen && incident.acknowledged === undefined && !snoozed;
    case 'open':
      return isOpen;
    case 'acknowledged':
      return isOpen && incident.acknowledged !== undefined;
    case 'snoozed':
      return isOpen && snoozed;
    case 'resolved':
      return !isOpen;
  }
}

function searched({ title, hosts, assignee = '', alerts }: Incident): string {
  return [title, assignee, ...hosts, ...alerts.flatMap(({ name, reason }) => [name, reason])].join(' ').toLowerCase();
}

function openFirst(a: Incident, b: Incident): number {
  return Number(a.status === 'resolved') - Number(b.status === 'resolved');
}

function urgency(a: Incident, b: Incident): number {
  return a.status === 'open' ? b.priority.score - a.priority.score : 0;
}

function began({ status, openedAt, resolvedAt = openedAt }: Incident): number {
  return status === 'open' ? openedAt : resolvedAt;
}
