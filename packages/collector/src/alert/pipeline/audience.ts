import type { UnixMs } from '@tarsier/protocol';
import type { Route } from '@tarsier/protocol/api';
import type { Policies } from './policies.ts';

/** Ids of channels; with the person whom one is for, where somebody is on call. */
export type Audience = ReadonlyMap<string, string | undefined>;

type Target = Pick<Route['escalation'][number], 'channels' | 'onCall'>;

/** The channels that are there, and those of whoever is on call now. */
export function audienceOf({ channels, onCall }: Policies, targets: readonly Target[], now: UnixMs): Audience {
  const audience = new Map<string, string | undefined>();
  for (const target of targets) {
    for (const id of target.channels) audience.set(id, undefined);
    for (const { person, channels: own } of onCall(target.onCall, now)) {
      for (const id of own) if (!audience.has(id)) audience.set(id, person);
    }
  }
  for (const id of audience.keys()) if (!channels.has(id)) audience.delete(id);
  return audience;
}

/** The route's channels, those of the steps of its escalation that were taken, and of those who are on call now. */
export function audienceOfRoute(policies: Policies, route: Route, steps: number, now: UnixMs): Audience {
  const everyone = route.onCall.length > 0 ? [] : [...policies.channels.keys()];
  const own = { channels: route.channels ?? everyone, onCall: route.onCall };
  return audienceOf(policies, [own, ...route.escalation.slice(0, steps)], now);
}
