/**
 * What becomes of a tenant's alerts: which incident each belongs to, and what is told of it, to whom, and why not.
 * Knows no database and no clock: it is given alerts, actions of people and the time, and answers with an outcome.
 */
import type { Alert, HoldReason, Incident, UnixMs } from '@tarsier/protocol';
import type { IncidentAction, Route } from '@tarsier/protocol/api';
import { minuteMs } from '../../storage/hours.ts';
import type { AlertOutcome, RestoredIncident, RuleHistory } from '../../storage/incidents.ts';
import { applyAction } from './action.ts';
import { isWithin } from './calendar.ts';
import { CaseBook } from './case-book.ts';
import { worstOf, type Case, type Member } from './case.ts';
import { Docket } from './docket.ts';
import { mutesOf } from './mute.ts';
import { nextTelling, type NextTelling } from './next-telling.ts';
import type { Policies } from './policies.ts';
import { summaryOf } from './summary.ts';
import { Teller } from './teller.ts';

export interface DeskState {
  readonly incidents: readonly RestoredIncident[];
  /** When each channel was sent something lately. */
  readonly sent: ReadonlyMap<string, readonly UnixMs[]>;
  readonly history: ReadonlyMap<string, RuleHistory>;
}

const neverSeen: RuleHistory = { seen: 0, useful: 0, noise: 0 };

export class Desk {
  readonly #docket = new Docket();
  readonly #book = new CaseBook(this.#docket);
  readonly #teller: Teller;
  readonly #history: Map<string, RuleHistory>;
  #policies: Policies;
  /** Whether mutes have to be looked at again, and for which silences they were last. */
  #stale = true;
  #silences = '';
  /** Infinity: what was restored may be of a clock that was ahead. */
  #ranAt: UnixMs = Infinity;

  constructor(policies: Policies, { incidents, sent, history }: DeskState) {
    this.#policies = policies;
    this.#history = new Map(history);
    this.#teller = new Teller(this.#docket, policies, sent, (of, now) => this.#summarise(of, now));
    for (const restored of incidents) this.#book.restore(restored, policies);
  }

  set policies(policies: Policies) {
    this.#policies = policies;
    this.#teller.policies = policies;
    this.#stale = true;
  }

  incident(id: string): Incident | undefined {
    return this.#book.find(id)?.incident;
  }

  /** A person does something. @returns undefined when there is no such incident that is open, or was lately */
  act(id: string, action: IncidentAction, by: string, now: UnixMs): Incident | undefined {
    const found = this.#book.find(id);
    if (found === undefined) return undefined;
    const { incident, text } = applyAction(found.incident, action, by, now);
    this.#docket.change(found, incident);
    this.#docket.note(found, now, 'action', text, by);
    if (action.kind === 'feedback') {
      const { verdict } = action;
      const rules = new Set(incident.alerts.map(({ ruleId }) => ruleId));
      for (const rule of rules) this.#learn(rule, (known) => ({ ...known, [verdict]: known[verdict] + 1 }));
    }
    return found.incident;
  }

  /**
   * Takes in what has changed, and decides.
   *
   * @param alerts  those that began or ended, in order; one that is known already changes nothing
   */
  run(alerts: readonly Alert[], now: UnixMs): AlertOutcome | undefined {
    if (now < this.#ranAt) this.#clockWasPutBack(now);
    this.#ranAt = now;
    this.#place(alerts, now);
    this.#refreshMutes(now);
    for (const one of this.#book.all()) this.#decide(one, now);
    for (const one of this.#book.all()) if (this.#isDone(one, now)) this.#book.forget(one.incident.id);
    return this.#docket.take();
  }

  /** What was done at times that are yet to come again was done now: nothing waits for them. */
  #clockWasPutBack(now: UnixMs): void {
    this.#teller.clockWasPutBack(now);
    for (const of of this.#book.all()) {
      const { telling, grownAt, changedAt } = of.incident;
      const [at, since] = [Math.min(telling.at, now), Math.min(telling.since, now)];
      this.#docket.change(of, {
        ...of.incident,
        grownAt: Math.min(grownAt, now),
        changedAt: Math.min(changedAt, now),
        reopenedAt: of.incident.reopenedAt.map((time) => Math.min(time, now)),
        telling: { ...telling, at, since },
      });
    }
  }

  #place(alerts: readonly Alert[], now: UnixMs): void {
    const placed = alerts.flatMap((alert) => {
      const place = this.#book.place(alert, this.#policies, now);
      if (place?.isNew === true) this.#learn(alert.ruleId, (known) => ({ ...known, seen: known.seen + 1 }));
      return place === undefined ? [] : [{ alert, ...place }];
    });
    if (placed.length > 0) this.#stale = true;
    for (const [of, some] of Map.groupBy(placed, (one) => one.of)) {
      const grown = some.filter(({ isNew }) => isNew).map(({ alert }) => alert);
      const ended = some.filter(({ alert }) => alert.state.kind === 'resolved').map(({ alert }) => alert);
      if (grown.length > 0) this.#docket.noteAlerts(of, now, 'joined', grown);
      if (ended.length > 0) this.#docket.noteAlerts(of, now, 'resolved', ended);
    }
  }

  #refreshMutes(now: UnixMs): void {
    const silences = this.#policies.silencesAt(now);
    // Trials end as well: to the minute is enough.
    const ids = [Math.floor(now / minuteMs), ...silences.map(({ id }) => id)].join(' ');
    if (!this.#stale && ids === this.#silences) return;
    this.#stale = false;
    this.#silences = ids;
    const members = this.#book.all().flatMap(({ members }) => [...members.values()]);
    // One that was over before it was looked at is muted by what is in force now.
    const open = members.filter(({ over, told, recorded }) => !over || (!told && recorded === undefined));
    const mutes = mutesOf(open, silences, this.#policies.inhibitions, now);
    for (const member of open) member.mute = mutes.get(member.alert.id);
  }

  #decide(of: Case, now: UnixMs): void {
    const route = this.#policies.routeNamed(of.incident.route);
    const isClosing = of.incident.closedBy !== undefined && of.incident.telling.status === 'firing';
    if (of.incident.status === 'resolved' && of.members.size === 0 && !isClosing) {
      this.#teller.tellOwed(of, route, now);
      return;
    }
    const members = [...of.members.values()];
    const active = members.filter(({ over, mute }) => !over && mute === undefined);
    const flappingBegins = this.#updateFlapping(of, route, now);
    const next =
      of.incident.closedBy === undefined ? this.#next(of, route, active, flappingBegins, now) : closing(of.incident);
    this.#recordMutes(of, now);
    if (next !== undefined && 'tell' in next) this.#teller.tell(of, route, next.tell, active, now);
    else if (next !== undefined) this.#hold(of, members, next, now);
    this.#finish(of, now);
    this.#teller.tellOwed(of, route, now);
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
      hasChannels: this.#teller.channelsOf(route, 0, now).size > 0,
    });
  }

  /** @returns whether it begins to flap now */
  #updateFlapping(of: Case, { flapping }: Route, now: UnixMs): boolean {
    const { reopenedAt, flappingSince, ...rest } = of.incident;
    const often = reopenedAt.filter((at) => now - at < flapping.withinMs).length >= flapping.count;
    if (flappingSince === undefined && often && now - of.incident.changedAt < flapping.calmMs) {
      this.#docket.change(of, { ...of.incident, flappingSince: now });
      return true;
    }
    if (flappingSince !== undefined && now - of.incident.changedAt >= flapping.calmMs) {
      this.#docket.change(of, { ...rest, reopenedAt: [] });
    }
    return false;
  }

  #hold(
    of: Case,
    members: readonly Member[],
    { hold, detail }: { readonly hold: HoldReason; readonly detail: string },
    now: UnixMs,
  ): void {
    for (const member of members) {
      if (!member.told && member.mute === undefined && member.recorded !== hold)
        this.#docket.decideBeginning(of, member, { at: now, told: false, reason: hold, detail });
    }
    if (of.heldFor !== hold && hold !== 'waiting') this.#docket.note(of, now, 'held', `not told: ${hold}, ${detail}`);
    of.heldFor = hold;
  }

  #recordMutes(of: Case, now: UnixMs): void {
    for (const member of of.members.values()) {
      const { mute } = member;
      if (mute !== undefined && !member.told && member.recorded !== mute.kind)
        this.#docket.decideBeginning(of, member, { at: now, told: false, reason: mute.kind, detail: mute.detail });
    }
  }

  /** Deals with the alerts that are over, and closes the incident with the last of them. */
  #finish(of: Case, now: UnixMs): void {
    const ended = this.#book.takeEnded(of);
    for (const { alert, told } of ended) {
      if (this.#docket.hasDecidedEnd(alert.id)) continue;
      const reason = whyEndIsNotTold(of.incident, told);
      const detail = reason === 'grouped' ? 'the incident goes on without it' : '';
      this.#docket.decideEnd(of, alert, { at: now, told: false, reason, detail });
    }
    const isOver = of.members.size === 0 && of.incident.flappingSince === undefined;
    if (isOver && of.incident.status === 'open') {
      const { acknowledged: _, snoozedUntil: __, ...incident } = of.incident;
      this.#docket.change(of, { ...incident, status: 'resolved', resolvedAt: now });
      this.#docket.note(of, now, 'resolved', 'the last of its alerts is over');
    }
    if (ended.length > 0 || this.#docket.hasChanged(of)) this.#summarise(of, now, ended);
  }

  #summarise(of: Case, now: UnixMs, ended: readonly Member[] = []): void {
    const route = this.#policies.routeNamed(of.incident.route);
    this.#docket.change(of, summaryOf(of, route, this.#history, now, ended));
  }

  #learn(ruleId: string, learn: (known: RuleHistory) => RuleHistory): void {
    this.#history.set(ruleId, learn(this.#history.get(ruleId) ?? neverSeen));
  }

  #isDone({ incident, members }: Case, now: UnixMs): boolean {
    const { status, resolvedAt = 0, telling, route, closedBy } = incident;
    if (status === 'open' || telling.owed.length > 0 || members.size > 0) return false;
    return closedBy !== undefined || now - resolvedAt >= this.#policies.routeNamed(route).cooldownMs;
  }
}

function whyEndIsNotTold({ closedBy, flappingSince }: Incident, wasTold: boolean): HoldReason {
  if (closedBy !== undefined) return 'closed';
  if (!wasTold) return 'never-told';
  return flappingSince === undefined ? 'grouped' : 'flapping';
}

/** Nothing is told of an incident that was closed by hand but that it is over. */
function closing({ telling }: Incident): NextTelling {
  return telling.status === 'firing' ? { tell: 'resolved' } : undefined;
}
