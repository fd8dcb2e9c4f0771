/**
 * What becomes of a tenant's alerts: which incident each belongs to, and what is told of it, to whom, and why not.
 * Knows no database and no clock: it is given alerts, actions of people and the time, and answers with an outcome.
 */
import type {
  Alert,
  Decision,
  HoldReason,
  Incident,
  Message,
  Telling,
  TellReason,
  TimelineEntry,
  UnixMs,
} from '@tarsier/protocol';
import type { IncidentAction, Route } from '@tarsier/protocol/api';
import type { AlertOutcome, RestoredIncident, RuleHistory } from '../../storage/incidents.ts';
import { applyAction } from './action.ts';
import { alertLabels, fingerprint, subjectOf } from './alert-labels.ts';
import { isWithin } from './calendar.ts';
import {
  inOrderOfCause,
  keyOf,
  linksOf,
  memberOf,
  remember,
  titleOf,
  worstOf,
  type Case,
  type Member,
} from './case.ts';
import { Draft } from './draft.ts';
import { whyNow } from './message.ts';
import { isMute, mutesOf } from './mute.ts';
import { nextTelling, type NextTelling } from './next-telling.ts';
import type { Policies } from './policies.ts';
import { priorityOf } from './priority.ts';
import { hasRoom } from './rate-limit.ts';

export interface DeskState {
  readonly incidents: readonly RestoredIncident[];
  /** When each channel was sent something lately. */
  readonly sent: ReadonlyMap<string, readonly UnixMs[]>;
  readonly history: ReadonlyMap<string, RuleHistory>;
}

const mostShown = 20;
const nothingTold: Telling = { count: 0, status: 'nothing', at: 0, since: 0, severity: 'info', step: 0, owed: [] };

export class Desk {
  readonly #cases = new Map<string, Case>();
  readonly #byAlert = new Map<string, Case>();
  /** Alerts that were dealt with to their end, as long as their incident is here. */
  readonly #ended = new Map<string, string>();
  readonly #sent = new Map<string, UnixMs[]>();
  readonly #history: Map<string, RuleHistory>;
  #policies: Policies;
  #draft = new Draft();
  /** Whether mutes have to be looked at again, and for which silences they were last. */
  #stale = true;
  #silences = '';

  constructor(policies: Policies, state: DeskState) {
    this.#policies = policies;
    this.#history = new Map(state.history);
    for (const [channel, times] of state.sent) this.#sent.set(channel, [...times]);
    for (const restored of state.incidents) this.#restore(restored);
  }

  set policies(policies: Policies) {
    this.#policies = policies;
    this.#stale = true;
  }

  incident(id: string): Incident | undefined {
    return this.#cases.get(id)?.incident;
  }

  /** A person does something. @returns undefined when there is no such incident that is open, or was lately */
  act(id: string, action: IncidentAction, by: string, now: UnixMs): Incident | undefined {
    const found = this.#cases.get(id);
    if (found === undefined) return undefined;
    const { incident, text } = applyAction(found.incident, action, by, now);
    this.#change(found, incident);
    this.#note(found, now, 'action', text, by);
    if (action.kind === 'feedback') this.#learn(found, action.verdict);
    return found.incident;
  }

  /**
   * Takes in what has changed, and decides.
   *
   * @param alerts  those that began or ended, in order; one that is known already changes nothing
   */
  run(alerts: readonly Alert[], now: UnixMs): AlertOutcome | undefined {
    const grown = new Map<Case, Alert[]>();
    const ended = new Map<Case, Alert[]>();
    for (const alert of alerts) this.#place(alert, now, grown, ended);
    for (const [to, some] of grown) this.#noteSome(to, now, 'joined', some);
    for (const [to, some] of ended) this.#noteSome(to, now, 'resolved', some);
    this.#refreshMutes(now);
    for (const one of this.#cases.values()) this.#decide(one, now);
    for (const [id, { incident }] of this.#cases) if (this.#isDone(incident, now)) this.#forget(id);
    const draft = this.#draft;
    this.#draft = new Draft();
    return draft.isEmpty ? undefined : draft;
  }

  #restore({ incident, alerts }: RestoredIncident): void {
    const route = this.#policies.routeNamed(incident.route);
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
      this.#stale = true;
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

  #place(alert: Alert, now: UnixMs, grown: Map<Case, Alert[]>, ended: Map<Case, Alert[]>): void {
    // What is read again after it was dealt with is no news.
    if (this.#ended.has(alert.id)) return;
    let of = this.#byAlert.get(alert.id);
    if (of === undefined) {
      of = this.#join(alert, now);
      grown.set(of, [...(grown.get(of) ?? []), alert]);
    }
    const member = of.members.get(alert.id);
    if (member === undefined) return;
    member.alert = alert;
    if (alert.state.kind === 'resolved') {
      member.over = true;
      ended.set(of, [...(ended.get(of) ?? []), alert]);
    }
    this.#stale = true;
    this.#markAlert(of, member);
    this.#change(of, { ...of.incident, changedAt: now });
  }

  /** Finds the incident of an alert, or opens one. */
  #join(alert: Alert, now: UnixMs): Case {
    const labels = alertLabels(alert);
    const route = this.#policies.routeOf(labels);
    const key = keyOf(route, labels);
    const found = this.#find(alert, route, key, now) ?? this.#open(alert, route, key, now);
    const member = memberOf(alert, false);
    if (found.toldPrints.has(member.print) && found.incident.telling.status === 'firing') {
      member.told = true;
      this.#record(found, member, now, false, 'deduplicated', 'its series was told of in this incident before');
    }
    found.members.set(alert.id, member);
    remember(found, member, route);
    this.#byAlert.set(alert.id, found);
    const seen = this.#history.get(alert.ruleId) ?? { seen: 0, useful: 0, noise: 0 };
    this.#history.set(alert.ruleId, { ...seen, seen: seen.seen + 1 });
    let { incident } = found;
    if (incident.status === 'resolved') {
      const { resolvedAt: _, ...open } = incident;
      const since = now - route.flapping.withinMs;
      incident = { ...open, status: 'open', reopenedAt: [...incident.reopenedAt.filter((at) => at > since), now] };
      this.#change(found, incident);
      this.#note(found, now, 'reopened', `${subjectOf(alert)} fires again`);
    }
    this.#change(found, { ...found.incident, grownAt: now, total: incident.total + 1 });
    return found;
  }

  #find(alert: Alert, route: Route, key: string, now: UnixMs): Case | undefined {
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
    this.#note(made, now, 'opened', `by ${subjectOf(alert)}: ${alert.reason}`);
    return made;
  }

  #refreshMutes(now: UnixMs): void {
    const silences = this.#policies.silencesAt(now);
    const ids = silences.map(({ id }) => id).join(' ');
    if (!this.#stale && ids === this.#silences) return;
    this.#stale = false;
    this.#silences = ids;
    const members = [...this.#cases.values()].flatMap(({ members }) => [...members.values()]);
    // One that was over before it was looked at is muted by what is in force now.
    const open = members.filter(({ over, told, recorded }) => !over || (!told && recorded === undefined));
    const mutes = mutesOf(open, silences, this.#policies.inhibitions);
    for (const member of open) member.mute = mutes.get(member.alert.id);
  }

  #decide(of: Case, now: UnixMs): void {
    const route = this.#policies.routeNamed(of.incident.route);
    const isClosing = of.incident.closedBy !== undefined && of.incident.telling.status === 'firing';
    if (of.incident.status === 'resolved' && of.members.size === 0 && !isClosing) {
      this.#tellOwed(of, route, now);
      return;
    }
    const members = [...of.members.values()];
    const active = members.filter(({ over, mute }) => !over && mute === undefined);
    const flappingBegins = this.#updateFlapping(of, route, now);
    const next =
      of.incident.closedBy === undefined ? this.#next(of, route, active, flappingBegins, now) : closing(of.incident);
    this.#recordMutes(of, now);
    if (next !== undefined && 'tell' in next) this.#tell(of, route, next.tell, active, now);
    else if (next !== undefined) this.#hold(of, members, next, now);
    this.#finish(of, now);
    this.#tellOwed(of, route, now);
  }

  #next(of: Case, route: Route, active: readonly Member[], flappingBegins: boolean, now: UnixMs): NextTelling {
    const { incident } = of;
    const members = [...of.members.values()];
    const untold = active.filter(({ told }) => !told);
    const missed = members.filter(({ over, told, mute }) => over && !told && mute === undefined);
    const alertsOf = (some: readonly Member[]): Alert[] => some.map(({ alert }) => alert);
    return nextTelling({
      now,
      route,
      telling: incident.telling,
      firing: members.filter(({ over }) => !over).length,
      active: active.length,
      untold: untold.length,
      worst: worstOf(alertsOf(active.length > 0 ? active : missed)),
      worstUntold: worstOf(alertsOf(untold)),
      activeSince: incident.reopenedAt.at(-1) ?? incident.openedAt,
      missed: missed.length,
      acknowledged: incident.acknowledged !== undefined,
      snoozedUntil: incident.snoozedUntil ?? 0,
      flappingBegins,
      flapping: incident.flappingSince !== undefined,
      withinHours: route.hours === undefined || isWithin(route.hours, now),
      hasChannels: this.#channelsOf(route, 0).length > 0,
    });
  }

  /** @returns whether it begins to flap now */
  #updateFlapping(of: Case, { flapping }: Route, now: UnixMs): boolean {
    const { reopenedAt, flappingSince, ...rest } = of.incident;
    const often = reopenedAt.filter((at) => now - at < flapping.withinMs).length >= flapping.count;
    if (flappingSince === undefined && often && now - of.incident.changedAt < flapping.calmMs) {
      this.#change(of, { ...of.incident, flappingSince: now });
      return true;
    }
    if (flappingSince !== undefined && now - of.incident.changedAt >= flapping.calmMs) {
      this.#change(of, { ...rest, reopenedAt: [] });
    }
    return false;
  }

  #tell(of: Case, route: Route, reason: TellReason, active: readonly Member[], now: UnixMs): void {
    const { telling } = of.incident;
    const step =
      reason === 'escalated'
        ? telling.step + 1
        : reason === 'resolved'
          ? telling.step
          : reason === 'again' || reason === 'first'
            ? 0
            : telling.step;
    const channels =
      reason === 'escalated' ? (route.escalation[telling.step]?.channels ?? []) : this.#channelsOf(route, step);
    const isOver = reason === 'resolved';
    const leading = inOrderOfCause(
      of,
      (isOver ? [...of.members.values()] : active.filter(({ told }) => !told)).map(({ alert }) => alert),
    )[0];
    const isNew = !isOver && telling.status !== 'firing';
    this.#change(of, {
      ...of.incident,
      telling: {
        count: telling.count + 1,
        status: isOver ? 'resolved' : 'firing',
        at: now,
        since: isNew ? now : telling.since,
        severity: worstOf(
          (isOver ? [...of.members.values()] : active).map(({ alert }) => alert),
          isNew ? 'info' : telling.severity,
        ),
        step,
        owed: telling.owed,
      },
    });
    const heard = this.#send(of, reason, channels, now);
    for (const member of active) {
      if (member.told) continue;
      member.told = true;
      of.toldPrints.add(member.print);
      this.#markAlert(of, member);
      const leads = member.alert === leading;
      if (heard.length === 0) this.#record(of, member, now, false, 'rate-limit', 'every channel is at its limit');
      else if (leads) this.#record(of, member, now, true, reason, `to ${heard.join(', ')}`);
      else this.#record(of, member, now, false, 'grouped', `in notification ${telling.count + 1} of the incident`);
    }
    if (isOver && of.incident.closedBy === undefined) {
      for (const member of of.members.values()) {
        // It was never told that this one fired: this one notification says both.
        if (!member.told && member.over && member.mute === undefined) {
          member.told = true;
          this.#record(of, member, now, false, 'grouped', 'told together with its end');
        }
      }
      const last = leading ?? of.lastEnded;
      if (last !== undefined)
        this.#decideEnd(
          of,
          last,
          now,
          heard.length > 0,
          heard.length > 0 ? 'resolved' : 'rate-limit',
          `to ${heard.join(', ')}`,
        );
    }
    of.heldFor = undefined;
  }

  /** @returns the names of the channels that hear of it */
  #send(of: Case, reason: TellReason, channels: readonly string[], now: UnixMs): string[] {
    const names: string[] = [];
    const owed = new Set(of.incident.telling.owed);
    const { count } = of.incident.telling;
    const message = this.#messageOf(of, reason, now);
    for (const channelId of channels) {
      const channel = this.#policies.channels.get(channelId);
      if (channel === undefined) continue;
      const sent = this.#sent.get(channelId) ?? [];
      const id = `${of.incident.id}/${count}/${channelId}`;
      if (of.incident.severity !== 'page' && !hasRoom(sent, channel.rateLimit, now)) {
        owed.add(channelId);
        const detail = `${channel.name} takes ${channel.rateLimit.count} in ${channel.rateLimit.perMs / 1000} s`;
        const subject = `${of.incident.title} to ${channel.name}`;
        this.#draft.decisions.set(id, {
          id,
          kind: 'channel',
          at: now,
          incidentId: of.incident.id,
          subject,
          told: false,
          reason: 'rate-limit',
          detail,
        });
        this.#note(of, now, 'held', `not to ${channel.name}: it is at its limit`);
        continue;
      }
      owed.delete(channelId);
      this.#sent.set(channelId, [...sent.slice(1 - channel.rateLimit.count), now]);
      this.#draft.notifications.push({ id, incidentId: of.incident.id, number: count, channelId, at: now, message });
      names.push(channel.name);
    }
    this.#change(of, { ...of.incident, telling: { ...of.incident.telling, owed: [...owed] } });
    if (names.length > 0) this.#note(of, now, 'told', `${names.join(', ')}: ${message.why}`);
    return names;
  }

  /** Channels that were at their limit hear of the newest once they have room. */
  #tellOwed(of: Case, route: Route, now: UnixMs): void {
    const { telling } = of.incident;
    const ready = telling.owed.filter((channelId) => {
      const channel = this.#policies.channels.get(channelId);
      return channel === undefined || hasRoom(this.#sent.get(channelId) ?? [], channel.rateLimit, now);
    });
    if (ready.length === 0 || (route.hours !== undefined && !isWithin(route.hours, now))) return;
    const owed = telling.owed.filter((channelId) => !ready.includes(channelId));
    this.#change(of, { ...of.incident, telling: { ...telling, owed, count: telling.count + 1 } });
    this.#send(of, 'late', ready, now);
  }

  #messageOf(of: Case, reason: TellReason, now: UnixMs): Message {
    this.#summarise(of, now);
    const { incident } = of;
    const status = incident.telling.status === 'resolved' ? 'resolved' : 'firing';
    return { reason, status, why: whyNow(reason, incident), incident };
  }

  #hold(
    of: Case,
    members: readonly Member[],
    { hold, detail }: { readonly hold: HoldReason; readonly detail: string },
    now: UnixMs,
  ): void {
    for (const member of members) {
      if (!member.told && member.mute === undefined && member.recorded !== hold)
        this.#record(of, member, now, false, hold, detail);
    }
    if (of.heldFor !== hold && hold !== 'waiting') this.#note(of, now, 'held', `not told: ${hold}, ${detail}`);
    of.heldFor = hold;
  }

  #recordMutes(of: Case, now: UnixMs): void {
    for (const member of of.members.values()) {
      const { mute } = member;
      if (mute !== undefined && !member.told && member.recorded !== mute.kind)
        this.#record(of, member, now, false, mute.kind, mute.detail);
    }
  }

  /** Deals with the alerts that are over, and closes the incident with the last of them. */
  #finish(of: Case, now: UnixMs): void {
    for (const [id, member] of of.members) {
      if (!member.over) continue;
      of.members.delete(id);
      this.#byAlert.delete(id);
      this.#ended.set(id, of.incident.id);
      of.lastEnded = member.alert;
      this.#markAlert(of, member);
      if (this.#draft.decisions.has(`${id}/resolved`)) continue;
      const reason =
        of.incident.closedBy !== undefined
          ? 'closed'
          : member.told
            ? of.incident.flappingSince === undefined
              ? 'grouped'
              : 'flapping'
            : 'never-told';
      this.#decideEnd(
        of,
        member.alert,
        now,
        false,
        reason,
        reason === 'grouped' ? 'the incident goes on without it' : '',
      );
    }
    const isOver = of.members.size === 0 && of.incident.flappingSince === undefined;
    if (isOver && of.incident.status === 'open') {
      const { acknowledged: _, snoozedUntil: __, ...incident } = of.incident;
      this.#change(of, { ...incident, status: 'resolved', resolvedAt: now });
      this.#note(of, now, 'resolved', 'the last of its alerts is over');
    }
    if (this.#draft.incidents.has(of.incident.id)) this.#summarise(of, now);
  }

  /** Counts, title, severity and priority as they are now. */
  #summarise(of: Case, now: UnixMs): void {
    const { incident } = of;
    const firing = [...of.members.values()].filter(({ over }) => !over).map(({ alert }) => alert);
    const known = new Map(incident.alerts.map((alert) => [alert.id, alert]));
    for (const { alert } of of.members.values()) known.set(alert.id, alert);
    const ordered = inOrderOfCause(of, known.values()).slice(0, mostShown);
    const [leading] = ordered;
    const severity = firing.length > 0 ? worstOf(firing) : incident.severity;
    const rules = new Set(ordered.map(({ ruleId }) => ruleId));
    const histories = Array.from(rules, (rule) => this.#history.get(rule)).filter((history) => history !== undefined);
    const sum = (pick: (history: RuleHistory) => number): number =>
      histories.reduce((total, history) => total + pick(history), 0);
    const scores = ordered.flatMap(({ isAnomaly, state }) => (isAnomaly === true ? [state.value] : []));
    const { hours } = this.#policies.routeNamed(incident.route);
    this.#change(of, {
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
    });
  }

  /** The route's channels, and those of the steps of its escalation that were taken. */
  #channelsOf(route: Route, steps: number): readonly string[] {
    const own = route.channels ?? [...this.#policies.channels.keys()];
    const all = [...own, ...route.escalation.slice(0, steps).flatMap(({ channels }) => channels)];
    return [...new Set(all)].filter((id) => this.#policies.channels.has(id));
  }

  #learn(of: Case, verdict: 'useful' | 'noise'): void {
    for (const ruleId of new Set(of.incident.alerts.map((alert) => alert.ruleId))) {
      const known = this.#history.get(ruleId) ?? { seen: 0, useful: 0, noise: 0 };
      this.#history.set(ruleId, { ...known, [verdict]: known[verdict] + 1 });
    }
  }

  #record(of: Case, member: Member, at: UnixMs, told: boolean, reason: TellReason | HoldReason, detail: string): void {
    member.recorded = reason;
    const { id } = member.alert;
    this.#decision({
      id: `${id}/firing`,
      at,
      incidentId: of.incident.id,
      subject: `${subjectOf(member.alert)} fires`,
      told,
      reason,
      detail,
    });
  }

  #decideEnd(of: Case, alert: Alert, at: UnixMs, told: boolean, reason: TellReason | HoldReason, detail: string): void {
    this.#decision({
      id: `${alert.id}/resolved`,
      at,
      incidentId: of.incident.id,
      subject: `${subjectOf(alert)} is over`,
      told,
      reason,
      detail,
    });
  }

  #decision(decision: Omit<Decision, 'kind'>): void {
    this.#draft.decisions.set(decision.id, { ...decision, kind: 'alert' });
  }

  #markAlert(of: Case, { alert: { id }, over, told }: Member): void {
    this.#draft.alerts.set(id, { id, incidentId: of.incident.id, decided: over ? 'resolved' : 'firing', told });
  }

  #change(of: Case, incident: Incident): void {
    of.incident = incident;
    this.#draft.incidents.set(incident.id, incident);
  }

  #noteSome(of: Case, at: UnixMs, kind: 'joined' | 'resolved', alerts: readonly Alert[]): void {
    const names = alerts.slice(0, 5).map(subjectOf).join(', ');
    const more = alerts.length > 5 ? ` and ${alerts.length - 5} more` : '';
    this.#note(of, at, kind, `${names}${more} ${kind === 'joined' ? 'fires' : 'over'}`);
  }

  #note(of: Case, at: UnixMs, kind: TimelineEntry['kind'], text: string, by?: string): void {
    const number = of.incident.entries + 1;
    this.#change(of, { ...of.incident, entries: number });
    this.#draft.entries.push({
      incidentId: of.incident.id,
      number,
      at,
      kind,
      text,
      ...(by === undefined ? {} : { by }),
    });
  }

  #isDone({ id, status, resolvedAt = 0, telling, route, closedBy }: Incident, now: UnixMs): boolean {
    if (status === 'open' || telling.owed.length > 0 || (this.#cases.get(id)?.members.size ?? 0) > 0) return false;
    return closedBy !== undefined || now - resolvedAt >= this.#policies.routeNamed(route).cooldownMs;
  }

  #forget(id: string): void {
    this.#cases.delete(id);
    for (const [alertId, incidentId] of this.#ended) if (incidentId === id) this.#ended.delete(alertId);
  }
}

/** Nothing is told of an incident that was closed by hand but that it is over. */
function closing({ telling }: Incident): NextTelling {
  return telling.status === 'firing' ? { tell: 'resolved' } : undefined;
}
