/** Tells the channels of an incident, and remembers what each was sent. */
import type { Message, TellReason, UnixMs } from '@tarsier/protocol';
import type { Route } from '@tarsier/protocol/api';
import { audienceOf, audienceOfRoute, type Audience } from './audience.ts';
import { isWithin } from './calendar.ts';
import { inOrderOfCause, worstOf, type Case, type Member } from './case.ts';
import type { Docket } from './docket.ts';
import { whyNow } from './message.ts';
import type { Policies } from './policies.ts';
import { hasRoom } from './rate-limit.ts';

export class Teller {
  readonly #docket: Docket;
  /** Brings an incident's summary up to date. */
  readonly #summarise: (of: Case, now: UnixMs) => void;
  readonly #sent: Map<string, readonly UnixMs[]>;
  policies: Policies;

  /** @param sent  when each channel was sent something lately, in order */
  constructor(
    docket: Docket,
    policies: Policies,
    sent: ReadonlyMap<string, readonly UnixMs[]>,
    summarise: (of: Case, now: UnixMs) => void,
  ) {
    this.#docket = docket;
    this.policies = policies;
    this.#sent = new Map(sent);
    this.#summarise = summarise;
  }

  /** @returns ids, and the person whom a channel is for where that follows from a rotation */
  channelsOf(route: Route, steps: number, now: UnixMs): Audience {
    return audienceOfRoute(this.policies, route, steps, now);
  }

  /** Who hears that it is over: the channels of the route, and whoever of those on call heard that it fires. */
  #audienceOfEnd({ incident }: Case, route: Route, now: UnixMs): Audience {
    const { heard, step } = incident.telling;
    const audience = new Map(this.channelsOf(route, step, now));
    if (heard === undefined) return audience;
    for (const [id, person] of audience) if (person !== undefined) audience.delete(id);
    for (const id of heard) if (this.policies.channels.has(id) && !audience.has(id)) audience.set(id, undefined);
    return audience;
  }

  /** What was sent at times that are yet to come again was sent now. */
  clockWasPutBack(now: UnixMs): void {
    for (const [channel, times] of this.#sent) {
      this.#sent.set(
        channel,
        times.map((time) => Math.min(time, now)),
      );
    }
  }

  tell(of: Case, route: Route, reason: TellReason, active: readonly Member[], now: UnixMs): void {
    const { telling } = of.incident;
    const step = stepAfter(reason, telling.step);
    const isOver = reason === 'resolved';
    const next = route.escalation[telling.step];
    const audience = isOver
      ? this.#audienceOfEnd(of, route, now)
      : reason === 'escalated'
        ? audienceOf(this.policies, next === undefined ? [] : [next], now)
        : this.channelsOf(route, step, now);
    const leading = inOrderOfCause(
      of,
      (isOver ? [...of.members.values()] : active.filter(({ told }) => !told)).map(({ alert }) => alert),
    )[0];
    const isNew = !isOver && telling.status !== 'firing';
    this.#docket.change(of, {
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
        ...(isNew || telling.heard === undefined ? {} : { heard: telling.heard }),
      },
    });
    if (reason === 'escalated' && audience.size === 0) this.#noteNobody(of, telling.step + 1, now);
    const heard = this.#send(of, reason, audience, now);
    for (const member of active) {
      if (member.told) continue;
      member.told = true;
      of.toldPrints.add(member.print);
      this.#docket.mark(of, member);
      const leads = member.alert === leading;
      if (heard.length === 0)
        this.#docket.decideBeginning(of, member, {
          at: now,
          told: false,
          reason: 'rate-limit',
          detail: 'every channel is at its limit',
        });
      else if (leads)
        this.#docket.decideBeginning(of, member, { at: now, told: true, reason, detail: `to ${heard.join(', ')}` });
      else
        this.#docket.decideBeginning(of, member, {
          at: now,
          told: false,
          reason: 'grouped',
          detail: `in notification ${telling.count + 1} of the incident`,
        });
    }
    if (isOver && of.incident.closedBy === undefined) {
      for (const member of of.members.values()) {
        // It was never told that this one fired: this one notification says both.
        if (!member.told && member.over && member.mute === undefined) {
          member.told = true;
          this.#docket.decideBeginning(of, member, {
            at: now,
            told: false,
            reason: 'grouped',
            detail: 'told together with its end',
          });
        }
      }
      const last = leading ?? of.lastEnded;
      if (last !== undefined) {
        const told = heard.length > 0;
        const detail = told ? `to ${heard.join(', ')}` : 'every channel is at its limit';
        this.#docket.decideEnd(of, last, { at: now, told, reason: told ? 'resolved' : 'rate-limit', detail });
      }
    }
    of.heldFor = undefined;
  }

  /** @returns the names of the channels that hear of it */
  #send(of: Case, reason: TellReason, audience: Audience, now: UnixMs): string[] {
    const names: string[] = [];
    const owed = new Set(of.incident.telling.owed);
    const heardBy = new Set(of.incident.telling.heard);
    const { count } = of.incident.telling;
    const message = this.#messageOf(of, reason, now);
    for (const [channelId, person] of audience) {
      const channel = this.policies.channels.get(channelId);
      if (channel === undefined) continue;
      const sent = this.#sent.get(channelId) ?? [];
      const id = `${of.incident.id}/${count}/${channelId}`;
      if (of.incident.severity !== 'page' && !hasRoom(sent, channel.rateLimit, now)) {
        owed.add(channelId);
        const detail = `${channel.name} takes ${channel.rateLimit.count} in ${channel.rateLimit.perMs / 1000} s`;
        this.#docket.decideChannel(of, id, channel.name, { at: now, told: false, reason: 'rate-limit', detail });
        this.#docket.note(of, now, 'held', `not to ${channel.name}: it is at its limit`);
        continue;
      }
      owed.delete(channelId);
      this.#sent.set(channelId, [...sent.slice(1 - channel.rateLimit.count), now]);
      this.#docket.send({ id, incidentId: of.incident.id, number: count, channelId, at: now, message });
      heardBy.add(channelId);
      names.push(person === undefined ? channel.name : `${channel.name} (${person}, on call)`);
    }
    const telling = { ...of.incident.telling, owed: [...owed], heard: [...heardBy] };
    this.#docket.change(of, { ...of.incident, telling });
    if (names.length > 0) this.#docket.note(of, now, 'told', `${names.join(', ')}: ${message.why}`);
    return names;
  }

  /** Channels that were at their limit hear of the newest once they have room. */
  tellOwed(of: Case, route: Route, now: UnixMs): void {
    const { telling } = of.incident;
    const ready = telling.owed.filter((channelId) => {
      const channel = this.policies.channels.get(channelId);
      return channel === undefined || hasRoom(this.#sent.get(channelId) ?? [], channel.rateLimit, now);
    });
    if (ready.length === 0 || (route.hours !== undefined && !isWithin(route.hours, now))) return;
    const owed = telling.owed.filter((channelId) => !ready.includes(channelId));
    this.#docket.change(of, { ...of.incident, telling: { ...telling, owed, count: telling.count + 1 } });
    this.#send(of, 'late', new Map(ready.map((id) => [id, undefined])), now);
  }

  /** A step of the escalation that reaches nobody. */
  #noteNobody(of: Case, step: number, now: UnixMs): void {
    const id = `${of.incident.id}/${of.incident.telling.count}/step-${step}`;
    const detail = `step ${step} of the escalation reaches no channel: nobody is on call, or its channels are gone`;
    this.#docket.decideChannel(of, id, `step ${step}`, { at: now, told: false, reason: 'nobody-on-call', detail });
    this.#docket.note(of, now, 'held', detail);
  }

  #messageOf(of: Case, reason: TellReason, now: UnixMs): Message {
    this.#summarise(of, now);
    const { incident } = of;
    const status = incident.telling.status === 'resolved' ? 'resolved' : 'firing';
    return { reason, status, why: whyNow(reason, incident), incident };
  }
}

/** Steps of the escalation that were taken: it begins anew with each firing. */
function stepAfter(reason: TellReason, step: number): number {
  if (reason === 'escalated') return step + 1;
  return reason === 'again' || reason === 'first' ? 0 : step;
}
