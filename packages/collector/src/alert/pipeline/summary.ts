import type { Incident, UnixMs } from '@tarsier/protocol';
import type { Route } from '@tarsier/protocol/api';
import type { RuleHistory } from '../../storage/incidents.ts';
import { isWithin } from './calendar.ts';
import { inOrderOfCause, titleOf, worstOf, type Case, type Member } from './case.ts';
import { priorityOf } from './priority.ts';

const mostShown = 20;

/**
 * An incident with its counts, title, severity and priority as they are now.
 *
 * @param ended  alerts that were taken out of the case since the last summary: that they are over is said in it
 */
export function summaryOf(
  of: Case,
  { hours }: Route,
  history: ReadonlyMap<string, RuleHistory>,
  now: UnixMs,
  ended: readonly Member[] = [],
): Incident {
  const { incident } = of;
  const firing = [...of.members.values()].filter(({ over }) => !over).map(({ alert }) => alert);
  const known = new Map(incident.alerts.map((alert) => [alert.id, alert]));
  for (const { alert } of [...ended, ...of.members.values()]) known.set(alert.id, alert);
  const ordered = inOrderOfCause(of, known.values()).slice(0, mostShown);
  const [leading] = ordered;
  const severity = firing.length > 0 ? worstOf(firing) : incident.severity;
  const rules = new Set(ordered.map(({ ruleId }) => ruleId));
  const histories = Array.from(rules, (rule) => history.get(rule)).filter((history) => history !== undefined);
  const sum = (pick: (history: RuleHistory) => number): number =>
    histories.reduce((total, history) => total + pick(history), 0);
  const scores = ordered.flatMap(({ isAnomaly, state }) => (isAnomaly === true ? [state.value] : []));
  return {
    ...incident,
    title: leading === undefined ? incident.title : titleOf(leading, incident.total, of.hosts.size),
    severity,
    firing: firing.length,
    hostCount: of.hosts.size,
    hosts: [...of.hosts].slice(0, mostShown),
    alerts: ordered,
    priority: priorityOf({
      severity,
      hosts: of.hosts.size,
      anomalyScore: scores.length === 0 ? undefined : Math.max(...scores),
      seenBefore: Math.max(0, sum(({ seen }) => seen) - incident.total),
      useful: sum(({ useful }) => useful),
      noise: sum(({ noise }) => noise),
      now,
      withinHours: hours === undefined ? undefined : isWithin(hours, now),
    }),
  };
}
