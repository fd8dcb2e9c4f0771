/** A language for tests of the pipeline: what happens when, and what was told when, on a clock of their own. */
import type { Alert, Severity } from '@tarsier/protocol';
import {
  newInhibitionSchema,
  newOverrideSchema,
  newRotationSchema,
  newRouteSchema,
  newSilenceSchema,
  type ChannelInput,
  type IncidentAction,
  type NewInhibition,
  type NewRotation,
  type NewRoute,
  type NewSilence,
} from '@tarsier/protocol/api';
import { silentLog } from '../../log.ts';
import type { Storage } from '../../storage/storage.ts';
import { createPipeline } from './pipeline.ts';

/** `[second, 'fires' | 'ends', alert name, host, more]`, or a person's action on the newest incident. */
export type TimelineEvent =
  | readonly [at: number, what: 'fires' | 'ends', name: string, host: string, more?: MoreOfAlert]
  | readonly [at: number, what: 'act', action: IncidentAction];

export interface MoreOfAlert {
  readonly severity?: Severity;
  readonly labels?: Readonly<Record<string, string>>;
  /** In seconds. */
  readonly shadowUntil?: number;
}

export interface Timeline {
  /** Channels and rotations by their names. */
  readonly route?: Partial<NewRoute>;
  /** In UTC, with shifts of a day; each person has the channel of the same name. */
  readonly rotations?: readonly (Pick<NewRotation, 'name' | 'startsOn' | 'handOverAt'> & {
    readonly people: readonly string[];
    /** `[person, from, to]`, in seconds. */
    readonly overrides?: readonly (readonly [string, number, number])[];
  })[];
  readonly silences?: readonly Partial<NewSilence>[];
  readonly inhibitions?: readonly NewInhibition[];
  readonly channels?: readonly { readonly name?: string; readonly rateLimit?: ChannelInput['rateLimit'] }[];
  readonly events: readonly TimelineEvent[];
  /** In seconds. */
  readonly until: number;
  /** Restart the collector before and after every event, and now and then: nothing but the database is left. */
  readonly restarts?: boolean;
}

/** A Tuesday, 10:00 UTC. */
export const timelineStart = Date.UTC(2026, 10, 24, 10);

/**
 * Plays a timeline against a real database.
 *
 * @returns `told`: `<second> <reason> <title>`, with ` -> <channel>` where there are several channels; `unsent`:
 *   `<subject>: <reason>`, by subject
 */
export async function play(storage: Storage, tenant: string, timeline: Timeline) {
  const scope = await storage.tenants.ensure(tenant);
  const channels = new Map<string, string>();
  for (const channel of timeline.channels ?? [{}]) {
    const made = await storage.channels.create(scope, {
      kind: 'webhook',
      name: 'ops',
      url: 'http://127.0.0.1:9/',
      ...channel,
    });
    channels.set(made.id, made.name);
  }
  const { routes, silences, inhibitions, rotations, overrides } = storage.alertPolicies;
  const idOf = new Map(Array.from(channels, ([id, name]) => [name, id]));
  const ids = (names: readonly string[]): string[] => names.map((name) => idOf.get(name) ?? name);
  for (const { people, overrides: some = [], ...rotation } of timeline.rotations ?? []) {
    const body = { timeZone: 'UTC', shiftDays: 1, ...rotation };
    const named = people.map((name) => ({ name, channels: ids([name]) }));
    const { id: rotationId } = await rotations.create(scope, newRotationSchema.parse({ ...body, people: named }));
    idOf.set(rotation.name, rotationId);
    for (const [person, from, to] of some) {
      const span = { from: timelineStart + from * 1000, to: timelineStart + to * 1000 };
      await overrides.create(scope, newOverrideSchema.parse({ rotationId, person, ...span }));
    }
  }
  const { channels: own, onCall = [], escalation = [], ...route } = timeline.route ?? {};
  await routes.create(
    scope,
    newRouteSchema.parse({
      name: 'all',
      ...route,
      ...(own === undefined ? {} : { channels: ids(own) }),
      onCall: ids(onCall),
      escalation: escalation.map((step) => ({ ...step, channels: ids(step.channels), onCall: ids(step.onCall) })),
    }),
  );
  for (const silence of timeline.silences ?? []) await silences.create(scope, newSilenceSchema.parse(silence));
  for (const one of timeline.inhibitions ?? []) await inhibitions.create(scope, newInhibitionSchema.parse(one));

  const told: string[] = [];
  const clock = { now: timelineStart };
  const second = (): number => (clock.now - timelineStart) / 1000;
  const open = () =>
    createPipeline({
      storage,
      onOutcome({ tenantId }, { notifications }) {
        if (tenantId !== scope.tenantId) return;
        const some: string[] = [];
        for (const { message, channelId } of notifications) {
          const to = channels.size > 1 ? ` -> ${channels.get(channelId) ?? '?'}` : '';
          some.push(`${second()} ${message.reason} ${message.incident.title}${to}`);
        }
        // Channels are in no particular order.
        told.push(...some.toSorted());
      },
      log: silentLog,
      now: () => clock.now,
    });
  let pipeline = open();
  const firing = new Map<string, Alert>();
  for (let at = 0; at <= timeline.until; at++) {
    clock.now = timelineStart + at * 1000;
    const isEventful = timeline.events.some((event) => event[0] === at || event[0] === at - 1);
    const restarts = timeline.restarts === true && (isEventful || at % 30 === 0);
    if (restarts) pipeline = open();
    const changed: Alert[] = [];
    for (const event of timeline.events) {
      if (event[0] !== at) continue;
      if (event[1] === 'act') {
        const [newest] = (await storage.lists.incidents(scope, { sort: 'newest', limit: 1 })).items;
        if (newest === undefined) throw new Error(`second ${at}: there is no incident yet`);
        await pipeline.act(scope, newest.id, event[2], 'ann');
      } else changed.push(toAlert(firing, event, clock.now));
    }
    if (changed.length > 0) await storage.alerts.save(scope, changed);
    for (const alert of changed) pipeline.observe(scope, alert);
    if (restarts && changed.length > 0) pipeline = open();
    // A desk that nothing has asked for is opened, as at the start of a collector.
    if (restarts || at === 0) await pipeline.reloadPolicies(scope);
    await pipeline.run();
  }
  const { items: unsent } = await storage.lists.unsent(scope, { limit: 1_000 });
  return {
    scope,
    told,
    unsent: unsent.map(({ subject, reason }) => `${subject}: ${reason}`).toSorted(),
    incidents: (await storage.lists.incidents(scope, { sort: 'newest', limit: 100 })).items,
    summary: await storage.incidents.summary(scope, 0),
  };
}

function toAlert(
  firing: Map<string, Alert>,
  [at, what, name, host, more = {}]: Extract<TimelineEvent, readonly [number, 'fires' | 'ends', ...unknown[]]>,
  now: number,
): Alert {
  const key = `${name} ${host}`;
  const known = firing.get(key);
  if (what === 'ends') {
    if (known === undefined) throw new Error(`second ${at}: ${key} does not fire`);
    firing.delete(key);
    return { ...known, state: { kind: 'resolved', since: known.state.since, value: 0, resolvedAt: now } };
  }
  const alert: Alert = {
    id: Buffer.from(`${name}/${host}/${at}`).toString('hex').padEnd(32, '0'),
    ruleId: name,
    name,
    severity: more.severity ?? 'warning',
    host,
    metric: name.toLowerCase(),
    labels: { host, ...more.labels },
    state: { kind: 'firing', since: now, value: 1 },
    reason: `${name} was 1`,
    ...(more.shadowUntil === undefined ? {} : { shadowUntil: timelineStart + more.shadowUntil * 1000 }),
  };
  firing.set(key, alert);
  return alert;
}
