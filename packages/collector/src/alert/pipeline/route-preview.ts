import { severities, type Labels, type UnixMs } from '@tarsier/protocol';
import type { RoutedChannel, RoutePreview } from '@tarsier/protocol/api';
import { audienceOf, audienceOfRoute, type Audience } from './audience.ts';
import { isWithin } from './calendar.ts';
import { heldByRoute } from './next-telling.ts';
import type { Policies } from './policies.ts';

/**
 * Where an alert that fired now would go. What other alerts would make of it, as by an inhibition, is not looked at.
 *
 * @param labels  with `alertname` and `severity` (warning unless given) among them
 */
export function previewRoute(policies: Policies, labels: Labels, now: UnixMs): RoutePreview {
  const severity = severities.find((one) => one === labels['severity']) ?? 'warning';
  const seen = { ...labels, severity };
  const route = policies.routeOf(seen);
  const named = (audience: Audience): RoutedChannel[] =>
    Array.from(audience, ([id, person]) => {
      const name = policies.channels.get(id)?.name ?? id;
      return { id, name, ...(person === undefined ? {} : { person }) };
    });
  const channels = named(audienceOfRoute(policies, route, 0, now));
  const silence = policies.silencesAt(now).find(({ matches }) => matches(seen));
  const withinHours = route.hours === undefined || isWithin(route.hours, now);
  const hold = heldByRoute({ route, worst: severity, withinHours, hasChannels: channels.length > 0 });
  const held =
    silence === undefined
      ? hold === undefined
        ? undefined
        : { reason: hold.hold, detail: hold.detail }
      : { reason: silence.kind, detail: silence.detail };
  return {
    routeId: route.id,
    route: route.name,
    channels,
    escalation: route.escalation.map((step) => ({
      afterMs: step.afterMs,
      channels: named(audienceOf(policies, [step], now)),
    })),
    ...(held === undefined ? {} : { held }),
  };
}
