/** The incidents that are open, or were lately, and which alert is in which of them. */
import type { Alert, Incident, Telling, UnixMs } from '@tarsier/protocol';
import type { Route } from '@tarsier/protocol/api';
import type { RestoredIncident } from '../../storage/incidents.ts';
import { alertLabels, fingerprint, subjectOf } from './alert-labels.ts';
import { keyOf, linksOf, memberOf, remember, type Case, type Member } from './case.ts';
import type { Docket } from './docket.ts';
import { isMute } from './mute.ts';
import type { Policies } from './policies.ts';

const nothingTold: Telling = { count: 0, status: 'nothing', at: 0, since: 0, severity: 'info', step: 0, owed: [] };

export class CaseBook {
  readonly #docket: Docket;
  readonly #cases = new Map<string, Case>();
  readonly #byAlert = new Map<string, Case>();
  /** Alerts that were dealt with to their end, as long as their incident is here. */
  readonly #ended = new Map<string, string>();

  constructor(docket: Docket) {
    this.#docket = docket;
  }

  find(id: string): Case | undefined {
    return this.#cases.get(id);
  }

  all(): readonly Case[] {
    return [...this.#cases.values()];
  }

  /** Goes on with an incident that another collector, or this one before a restart, has left. */
  restore({ incident, alerts }: RestoredIncident, policies: Policies): void {
    const route = policies.routeNamed(incident.route);
    const restored = this.#newCase(incident, keyOf(route, incident.labels));
    for (const { alert, told, decided, reason, detail } of alerts) {
      const member = memberOf(alert, told);
      remember(restored, member, route);
      member.recorded = reason;
      if (isMute(reason)) member.mute = { kind: reason, detail };
      if (told) restored.toldPrints.add(member.print);
      if (decided === 'resolved') {
        this.#ended.set(alert.id, incident.id);
        continue;
      }
      restored.members.set(alert.id, member);
      this.#byAlert.set(alert.id, restored);
    }
  }

  #newCase(incident: Incident, key: string): Case {
    const made: Case = {
      incident,
      key,
      members: new Map(),
      prints: new Set(),
      toldPrints: new Set(),
      links: new Set(),
      hosts: new Set(),
      needed: new Map(),
      lastEnded: undefined,
      heldFor: undefined,
    };
    this.#cases.set(incident.id, made);
    return made;
  }

  /**
   * Takes in an alert that began or ended.
   *
   * @returns its case, and whether it is new there; undefined for one that was dealt with before
   */
  place(alert: Alert, policies: Policies, now: UnixMs): { readonly of: Case; readonly isNew: boolean } | undefined {
    // What is read again after it was dealt with is no news.
    if (this.#ended.has(alert.id)) return undefined;
    const known = this.#byAlert.get(alert.id);
    const of = known ?? this.#join(alert, policies, now);
    const member = of.members.get(alert.id);
    if (member === undefined) return undefined;
    member.alert = alert;
    member.over = alert.state.kind === 'resolved';
    this.#docket.mark(of, member);
    this.#docket.change(of, { ...of.incident, changedAt: now });
    return { of, isNew: known === undefined };
  }

  /** Takes out the alerts that are over. */
  takeEnded(of: Case): readonly Member[] {
    const ended = [...of.members.values()].filter(({ over }) => over);
    for (const member of ended) {
      const { id } = member.alert;
      of.members.delete(id);
      this.#byAlert.delete(id);
      this.#ended.set(id, of.incident.id);
      of.lastEnded = member.alert;
      this.#docket.mark(of, member);
    }
    return ended;
  }

  forget(id: string): void {
    this.#cases.delete(id);
    for (const [alertId, incidentId] of this.#ended) if (incidentId === id) this.#ended.delete(alertId);
  }

  /** Finds the incident of an alert, or opens one. */
  #join(alert: Alert, policies: Policies, now: UnixMs): Case {
    const labels = alertLabels(alert);
    const route = policies.routeOf(labels);
    const key = keyOf(route, labels);
    const found = this.#joinable(alert, route, key, now) ?? this.#open(alert, route, key, now);
    const member = memberOf(alert, false);
    if (found.toldPrints.has(member.print) && found.incident.telling.status === 'firing') {
      member.told = true;
      this.#docket.decideBeginning(found, member, {
        at: now,
        told: false,
        reason: 'deduplicated',
        detail: 'its series was told of in this incident before',
      });
    }
    found.members.set(alert.id, member);
    remember(found, member, route);
    this.#byAlert.set(alert.id, found);
    let { incident } = found;
    if (incident.status === 'resolved') {
      const { resolvedAt: _, ...open } = incident;
      const since = now - route.flapping.withinMs;
      incident = { ...open, status: 'open', reopenedAt: [...incident.reopenedAt.filter((at) => at > since), now] };
      this.#docket.change(found, incident);
      this.#docket.note(found, now, 'reopened', `${subjectOf(alert)} fires again`);
    }
    this.#docket.change(found, { ...found.incident, grownAt: now, total: incident.total + 1 });
    return found;
  }

  #joinable(alert: Alert, route: Route, key: string, now: UnixMs): Case | undefined {
    const print = fingerprint(alert);
    const links = linksOf(alert, alertLabels(alert), route);
    const open = [...this.#cases.values()].filter(
      ({ incident }) => incident.closedBy === undefined && incident.route === route.name,
    );
    const joinable = open.filter(
      ({ incident }) => incident.status === 'open' || now - (incident.resolvedAt ?? 0) < route.cooldownMs,
    );
    return (
      joinable.find(({ prints }) => prints.has(print)) ??
      joinable.find((one) => one.key === key) ??
      joinable.find(
        ({ incident, links: others }) =>
          incident.status === 'open' &&
          route.togetherMs > 0 &&
          now - incident.grownAt <= route.togetherMs &&
          links.some((link) => others.has(link)),
      )
    );
  }

  #open(alert: Alert, route: Route, key: string, now: UnixMs): Case {
    const labels = alertLabels(alert);
    const incident: Incident = {
      // Follows from the alert that opens it: opened again after a crash it is the same one.
      id: `i${alert.id.slice(0, 31)}`,
      route: route.name,
      status: 'open',
      title: subjectOf(alert),
      severity: alert.severity,
      labels: Object.fromEntries(route.groupBy.flatMap((name) => (name in labels ? [[name, labels[name] ?? '']] : []))),
      openedAt: now,
      grownAt: now,
      changedAt: now,
      firing: 0,
      total: 0,
      hostCount: 0,
      hosts: [],
      alerts: [],
      priority: { score: 0, parts: [] },
      reopenedAt: [],
      telling: nothingTold,
      entries: 0,
    };
    const made = this.#newCase(incident, key);
    this.#docket.note(made, now, 'opened', `by ${subjectOf(alert)}: ${alert.reason}`);
    return made;
  }
}
