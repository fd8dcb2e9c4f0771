/** One rule with one bound, step by step through the state machine and the desk. */
import type { Alert, Decision, Incident, UnixMs } from '@tarsier/protocol';
import type { LabPage, LabRule, LabTrial } from '@tarsier/protocol/api';
import { AlertRuleRun, type AlertSample } from '../groups/alert-rule-run.ts';
import { asAlertingRule } from '../periodic/seen.ts';
import { Desk } from '../pipeline/desk.ts';
import type { Policies } from '../pipeline/policies.ts';

/** What a rule saw at a time. Asked for each step, in order. */
export type Source = (time: UnixMs) => readonly AlertSample[];

export interface Trial {
  readonly rule: LabRule;
  readonly value: number | undefined;
  readonly source: Source;
  readonly policies: Policies;
  /** Incidents that people had to do with. */
  readonly real: readonly Incident[];
  readonly start: UnixMs;
  readonly end: UnixMs;
  readonly stepMs: number;
}

export function tryOne({ rule, value, source, policies, real, start, end, stepMs }: Trial): LabTrial {
  let changed: Alert[] = [];
  const run = new AlertRuleRun('lab', asAlertingRule(patienceOf(rule)), {
    changed: (alert) => changed.push(alert),
    forgotten() {},
  });
  const desk = new Desk(policies, { incidents: [], sent: new Map(), history: new Map() });
  const pages: LabPage[] = [];
  const decisions = new Map<string, Decision>();
  const incidents = new Set<string>();
  let fired = 0;
  for (let time = start; time <= end; time += stepMs) {
    run.evaluate(source(time), time);
    const news = changed.filter(({ state }) => state.kind !== 'pending');
    changed = [];
    fired += news.filter(({ state }) => state.kind === 'firing').length;
    const outcome = desk.run(news, time);
    if (outcome === undefined) continue;
    for (const id of outcome.incidents.keys()) incidents.add(id);
    for (const [id, decision] of outcome.decisions) decisions.set(id, decision);
    const told = new Map(outcome.notifications.map((one) => [`${one.incidentId}/${one.number}`, one.message]));
    for (const { reason, why, incident } of told.values()) {
      const found = real.find(({ openedAt, resolvedAt = end }) => openedAt <= time && time <= resolvedAt);
      const { title, severity } = incident;
      pages.push({
        at: time,
        reason,
        title,
        why,
        severity,
        ...(found === undefined ? {} : { realIncident: found.id }),
      });
    }
  }
  const unsent = Map.groupBy(
    [...decisions.values()].filter(({ told }) => !told),
    ({ reason }) => reason,
  );
  const heard = new Set(pages.map(({ realIncident }) => realIncident));
  return {
    ...(value === undefined ? {} : { value }),
    fired,
    incidents: incidents.size,
    pages,
    pagesInRealIncidents: pages.filter(({ realIncident }) => realIncident !== undefined).length,
    missedIncidents: real.filter(({ id }) => !heard.has(id)).map(({ id }) => id),
    unsent: Array.from(unsent, ([reason, some]) => ({ reason, count: some.length })).toSorted(
      (a, b) => b.count - a.count,
    ),
  };
}

/** That nothing has come for long enough is what a rule on silence sees: it waits no longer. */
function patienceOf(rule: LabRule): Pick<LabRule, 'name' | 'forMs' | 'keepFiringMs'> {
  return rule.kind === 'no-data' ? { ...rule, forMs: 0 } : rule;
}
