/** An incident in the making: its alerts, and what binds others to it. */
import type { Alert, HoldReason, Incident, Labels, Severity, TellReason } from '@tarsier/protocol';
import type { Route } from '@tarsier/protocol/api';
import { alertLabels, fingerprint, subjectOf } from './alert-labels.ts';
import type { Mute } from './mute.ts';
import { rankOf } from './next-telling.ts';

/** An alert of an incident. */
export interface Member {
  alert: Alert;
  readonly labels: Labels;
  readonly print: string;
  told: boolean;
  over: boolean;
  mute: Mute | undefined;
  /** What was last recorded of its beginning. */
  recorded: TellReason | HoldReason | undefined;
}

export interface Case {
  incident: Incident;
  /** What its alerts are grouped by, as one text. */
  readonly key: string;
  /** Those that fire, and those whose end has not been dealt with. */
  readonly members: Map<string, Member>;
  /** Series that belong to it, and those that were told of. */
  readonly prints: Set<string>;
  readonly toldPrints: Set<string>;
  /** What binds other alerts to it. */
  readonly links: Set<string>;
  readonly hosts: Set<string>;
  /** How many alerts need what is named so. */
  readonly needed: Map<string, number>;
  /** The last alert that ended. */
  lastEnded: Alert | undefined;
  /** Why it was last not told; written to the timeline when it changes. */
  heldFor: HoldReason | undefined;
}

export function memberOf(alert: Alert, told: boolean): Member {
  const over = alert.state.kind === 'resolved';
  const [labels, print] = [alertLabels(alert), fingerprint(alert)];
  return { alert, labels, print, told, over, mute: undefined, recorded: undefined };
}

export function keyOf(route: Route, labels: Labels): string {
  return JSON.stringify([route.name, ...route.groupBy.map((name) => labels[name] ?? '')]);
}

/** Adds an alert to what the case knows, whether it still fires or not. */
export function remember(of: Case, { alert, labels, print }: Member, route: Route): void {
  of.prints.add(print);
  for (const link of linksOf(alert, labels, route)) of.links.add(link);
  if (alert.host !== '') of.hosts.add(alert.host);
  for (const need of needsOf(labels)) of.needed.set(need, (of.needed.get(need) ?? 0) + 1);
}

/**
 * What an alert has in common with others of one cause: its host, the values of the route's `togetherBy` labels, and
 * whatever its label `depends_on` (comma separated) names: other alerts that depend on it, or the one of that host or
 * service itself.
 */
export function linksOf({ host }: Alert, labels: Labels, { togetherBy }: Route): readonly string[] {
  const together = togetherBy.filter((name) => name in labels).map((name) => `${name}=${labels[name] ?? ''}`);
  const names = [host, labels['service'] ?? '', ...needsOf(labels)].filter((name) => name !== '');
  return [...together, ...names.map((name) => `on ${name}`)];
}

function needsOf(labels: Labels): readonly string[] {
  return (labels['depends_on'] ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
}

/** The likely cause first: what others depend on, then the worst, then the earliest. */
export function inOrderOfCause({ needed }: Case, alerts: Iterable<Alert>): Alert[] {
  const depended = ({ host, labels }: Alert): number =>
    Math.max(needed.get(host) ?? 0, needed.get(labels['service'] ?? '') ?? 0);
  return Array.from(alerts, (alert) => ({ alert, depended: depended(alert), rank: rankOf(alert.severity) }))
    .toSorted(
      (a, b) =>
        b.depended - a.depended ||
        b.rank - a.rank ||
        a.alert.state.since - b.alert.state.since ||
        (a.alert.id < b.alert.id ? -1 : 1),
    )
    .map(({ alert }) => alert);
}

export function worstOf(alerts: Iterable<Alert>, least: Severity = 'info'): Severity {
  let worst = least;
  for (const { severity } of alerts) if (rankOf(severity) > rankOf(worst)) worst = severity;
  return worst;
}

/** `Disk filling on db-1 and 3 more alerts on 2 hosts`. */
export function titleOf(leading: Alert, total: number, hosts: number): string {
  const subject = subjectOf(leading);
  if (total <= 1) return subject;
  const more = total === 2 ? '1 more alert' : `${total - 1} more alerts`;
  return `${subject} and ${more}${hosts > 1 ? ` on ${hosts} hosts` : ''}`;
}
