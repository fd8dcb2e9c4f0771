/** Routes, silences, inhibitions and who is on call, ready to be asked. */
import type { Alert, Labels, UnixMs } from '@tarsier/protocol';
import {
  newRouteSchema,
  type Channel,
  type Inhibition,
  type Override,
  type Rotation,
  type Route,
  type Shift,
  type Silence,
} from '@tarsier/protocol/api';
import { onCallAt } from '../on-call/shifts.ts';
import { isWithin } from './calendar.ts';
import { compileLabelTest, type LabelTest } from './alert-labels.ts';

/** What a tenant has decided about alerts. */
export interface PolicySource {
  readonly routes: readonly Route[];
  readonly silences: readonly Silence[];
  readonly inhibitions: readonly Inhibition[];
  readonly rotations: readonly Rotation[];
  /** The oldest first. */
  readonly overrides: readonly Override[];
  readonly channels: readonly Channel[];
}

export interface Policies {
  routeOf(labels: Labels): Route;
  /** The route of that name, or the default one where it is gone. */
  routeNamed(name: string): Route;
  /** Those that are in force. */
  silencesAt(now: UnixMs): readonly ActiveSilence[];
  readonly inhibitions: readonly CompiledInhibition[];
  readonly channels: ReadonlyMap<string, Channel>;
  /** Who is on call in these rotations; one that is gone has nobody. */
  onCall(rotationIds: readonly string[], now: UnixMs): readonly Shift[];
}

export interface ActiveSilence {
  readonly id: string;
  readonly kind: 'silenced' | 'maintenance';
  readonly detail: string;
  readonly matches: LabelTest;
}

export interface CompiledInhibition {
  readonly name: string;
  readonly isSource: LabelTest;
  readonly isTarget: LabelTest;
  /** What source and target must have in common, as one text; undefined when the alert lacks it. */
  readonly common: (alert: Alert, labels: Labels) => string | undefined;
}

/** Where no route of the tenant matches: every channel, with the defaults. */
export const defaultRoute: Route = { ...newRouteSchema.parse({ name: 'default' }), id: 'default' };

/** Always in force, because without them one cause is told several times. */
const standingInhibitions: readonly Omit<Inhibition, 'id'>[] = [
  {
    name: 'the same series is worse',
    source: ['severity=~"critical|page"'],
    target: ['severity=~"info|warning"'],
    equal: 'series',
  },
  { name: 'its host is down', source: ['alertname="Host down"'], target: ['alertname!="Host down"'], equal: ['host'] },
];

/** @throws {QueryError} when a matcher can't be read; they are checked before they are stored */
export function compilePolicies({
  routes,
  silences,
  inhibitions,
  rotations,
  overrides,
  channels,
}: PolicySource): Policies {
  const ordered = routes.toSorted((a, b) => a.position - b.position || (a.name < b.name ? -1 : 1));
  const compiledRoutes = ordered.map((route) => ({ route, matches: compileLabelTest(route.matchers) }));
  const compiledSilences = silences.map((silence) => {
    const kind = silence.recurring === undefined ? 'silenced' : 'maintenance';
    const active: ActiveSilence = {
      id: silence.id,
      kind,
      detail: describeSilence(silence),
      matches: compileLabelTest(silence.matchers),
    };
    return { silence, active };
  });
  return {
    routeOf: (labels) => compiledRoutes.find(({ matches }) => matches(labels))?.route ?? defaultRoute,
    routeNamed: (name) => ordered.find((route) => route.name === name) ?? defaultRoute,
    silencesAt: (now) => compiledSilences.filter(({ silence }) => isInForce(silence, now)).map(({ active }) => active),
    inhibitions: [...standingInhibitions, ...inhibitions].map(({ name, source, target, equal }) => ({
      name,
      isSource: compileLabelTest(source),
      isTarget: compileLabelTest(target),
      common: equal === 'series' ? seriesOf : (_, labels) => valuesOf(labels, equal),
    })),
    channels: new Map(channels.map((channel) => [channel.id, channel])),
    onCall: (rotationIds, now) =>
      rotationIds.flatMap((id) => {
        const rotation = rotations.find((one) => one.id === id);
        const shift = rotation === undefined ? undefined : onCallAt(rotation, overrides, now);
        return shift === undefined ? [] : [shift];
      }),
  };
}

function isInForce({ startsAt, endsAt, recurring }: Silence, now: UnixMs): boolean {
  if (startsAt !== undefined && now < startsAt) return false;
  if (endsAt !== undefined && now >= endsAt) return false;
  return recurring === undefined || isWithin(recurring, now);
}

function describeSilence({ id, comment, createdBy, endsAt, from }: Silence): string {
  const where = from === undefined ? '' : ` of ${from}`;
  const who = createdBy === '' ? '' : ` by ${createdBy}`;
  const end = new Date(endsAt ?? Number.NaN);
  // None, or after the last date that there is.
  const until = Number.isNaN(end.getTime()) ? '' : ` until ${end.toISOString()}`;
  return `silence ${id}${where}${who}${until}${comment === '' ? '' : `: ${comment}`}`;
}

function seriesOf({ metric, labels }: Alert): string {
  return JSON.stringify([metric, ...Object.entries(labels).flat()]);
}

function valuesOf(labels: Labels, names: readonly string[]): string | undefined {
  const values = names.map((name) => labels[name]);
  // Two alerts that both lack a label have nothing in common by it.
  return values.includes(undefined) ? undefined : JSON.stringify(values);
}
