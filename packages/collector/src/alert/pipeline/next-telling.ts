/** Whether an incident is told now, and if not, why. */
import {
  severities,
  type HoldReason,
  type Severity,
  type Telling,
  type TellReason,
  type UnixMs,
} from '@tarsier/protocol';
import type { Route } from '@tarsier/protocol/api';

/** An incident as this decision sees it. */
export interface TellingView {
  readonly now: UnixMs;
  readonly route: Route;
  readonly telling: Telling;
  /** Alerts that fire, those of them that nobody mutes, and those of these that were not told yet. */
  readonly firing: number;
  readonly active: number;
  readonly untold: number;
  /** Worst of the active ones, and of the untold ones. */
  readonly worst: Severity;
  readonly worstUntold: Severity;
  /** When it began, or began again. */
  readonly activeSince: UnixMs;
  /** Alerts that were over before anybody was told of them, and that nobody muted. */
  readonly missed: number;
  readonly acknowledged: boolean;
  readonly snoozedUntil: UnixMs;
  /** It fired again too often just now; and whether it was so before. */
  readonly flappingBegins: boolean;
  readonly flapping: boolean;
  /** Whether people may be told at this time. */
  readonly withinHours: boolean;
  readonly hasChannels: boolean;
}

interface Held {
  readonly hold: HoldReason;
  readonly detail: string;
}

export type NextTelling =
  | { readonly tell: TellReason }
  | Held
  /** There is nothing to tell. */
  | undefined;

export function rankOf(severity: Severity): number {
  return severities.indexOf(severity);
}

export function nextTelling(view: TellingView): NextTelling {
  const { firing, active, telling } = view;
  if (firing === 0) {
    if (telling.status === 'firing')
      return view.flapping ? hold('flapping', 'its end is told once it is calm') : tell('resolved');
    return view.missed > 0 ? afterwards(view) : undefined;
  }
  if (active === 0) return undefined;
  return heldByRoute(view) ?? whileItFires(view);
}

/** Something was over before it was told: once is enough for both. */
function afterwards(view: TellingView): NextTelling {
  if (view.route.groupWaitMs > 0) return hold('waiting', 'over before the time to wait for others was');
  return heldByRoute(view) ?? (inCooldown(view) ? hold('cooldown', 'over before the cooldown was') : tell('resolved'));
}

/** Why the route itself would tell nobody now. */
export function heldByRoute({
  route,
  worst,
  withinHours,
  hasChannels,
}: Pick<TellingView, 'route' | 'worst' | 'withinHours' | 'hasChannels'>): Held | undefined {
  if (!hasChannels) {
    const when = route.onCall.length > 0 ? ' at this time' : '';
    return hold('no-channel', `route ${route.name} leads to no channel${when}`);
  }
  if (rankOf(worst) < rankOf(route.minSeverity)) {
    return hold('severity', `route ${route.name} tells ${route.minSeverity} and worse`);
  }
  if (!withinHours && rankOf(worst) < rankOf(route.anyHourSeverity)) {
    return hold('out-of-hours', `route ${route.name} tells ${worst} in its hours only`);
  }
  return undefined;
}

function whileItFires(view: TellingView): NextTelling {
  const { now, telling, route, untold } = view;
  if (view.flappingBegins) return tell('flapping');
  if (view.flapping) return hold('flapping', 'told again once it is steady');
  if (now < view.snoozedUntil) return hold('snoozed', `until ${new Date(view.snoozedUntil).toISOString()}`);
  if (telling.status !== 'firing') {
    if (inCooldown(view))
      return hold('cooldown', `told if it still fires ${route.cooldownMs / 1000} s after its end was told`);
    if (now - view.activeSince < route.groupWaitMs) return hold('waiting', `for others, ${route.groupWaitMs / 1000} s`);
    return tell(telling.count === 0 ? 'first' : 'again');
  }
  if (untold > 0 && rankOf(view.worstUntold) > rankOf(telling.severity)) return tell('worse');
  if (untold > 0) {
    if (view.acknowledged) return hold('acknowledged', 'somebody looks into the incident');
    if (now - telling.at < route.groupIntervalMs) {
      return hold('waiting', `at most one notification in ${route.groupIntervalMs / 1000} s`);
    }
    return tell('more');
  }
  if (view.acknowledged) return undefined;
  const step = route.escalation[telling.step];
  if (step !== undefined && now - telling.since >= step.afterMs) return tell('escalated');
  if (route.repeatMs > 0 && now - telling.at >= route.repeatMs) return tell('repeat');
  return undefined;
}

/** What is worse than what was told does not wait. */
function inCooldown({ now, telling, route, worst }: TellingView): boolean {
  return (
    telling.status === 'resolved' && now - telling.at < route.cooldownMs && rankOf(worst) <= rankOf(telling.severity)
  );
}

function tell(reason: TellReason): NextTelling {
  return { tell: reason };
}

function hold(reason: HoldReason, detail: string): Held {
  return { hold: reason, detail };
}
