/** Every stored sample through the detectors; what they find becomes anomalies of series, and events of hosts. */
import { seriesSignature, type Anomaly, type AnomalyEvent, type UnixMs } from '@tarsier/protocol';
import { EventTurn } from '../event-turn.ts';
import type { SamplesConsumer, StoredSamples } from '../stored-samples.ts';
import type { TenantScope } from '../tenant.ts';
import { excursionOf } from './anomaly.ts';
import { AnomalyRates, type HostRates } from './events/anomaly-rates.ts';
import { CanaryRun, type CanaryOutcome } from './events/canary.ts';
import { eventOf } from './events/event.ts';
import { EventWatch, type HostEvent } from './events/event-watch.ts';
import { feedbackOffset, type Judged } from './events/feedback-offset.ts';
import { checkpointVersion, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import type { TreeTrainer } from './isolation-forest/tree-trainer.ts';
import { Lane, updateEveryMs, type LaneState, type WatchSetting } from './lane.ts';
import type { ZScoreOptions } from './zscore/host-zscore.ts';
import { zscoreDefaults } from './zscore/zscore.ts';

type Schema = StoredSamples['schema'];

/** Anomalies and events that last, or lasted when the collector stopped. */
export interface Found {
  readonly anomalies: readonly Anomaly[];
  readonly events: readonly AnomalyEvent[];
}

/** What was learnt of the series of a host that come together. */
export interface Checkpoint {
  readonly scope: TenantScope;
  readonly hostId: number;
  /** Tells a host's apart. */
  readonly lane: number;
  /** Of what is in `body`. */
  readonly version: number;
  readonly body: Uint8Array;
}

/** What a tenant wants, and what it said. */
export interface Tuning {
  /** Surprise from which an event is a page. */
  readonly pageSurprise: number;
  readonly judged: readonly Judged[];
  /** The first that matches a series counts; the same list as before is not looked at again. */
  readonly settings: readonly WatchSetting[];
}

export interface Detection {
  readonly consume: SamplesConsumer;
  /** Those that last. */
  open(scope: TenantScope): Found;
  /**
   * Takes up what was open when the collector stopped, once past samples were consumed again.
   *
   * @returns those that are over, with their end; {@link Detection.open} has the others, under the same id
   */
  resume(scope: TenantScope, found: Found): Found;
  /**
   * What was learnt of the hosts that sent something since the call before, to be gone on with after a restart.
   *
   * @param only  of this tenant's
   */
  checkpoints(only?: TenantScope): Iterable<Checkpoint>;
  /** Goes on bit for bit from a checkpoint: before samples come. One that can't be read is learnt anew. */
  restore(scope: TenantScope, checkpoint: Pick<Checkpoint, 'hostId' | 'body'>): void;
  /** Counts from the next event on. @returns once all detectors go on with its settings */
  tune(scope: TenantScope, tuning: Tuning): Promise<void>;
  /** Makes an anomaly in a copy of the detectors of one of the tenant's hosts. */
  injectCanary(scope: TenantScope): void;
  /** Ends what is open of hosts that have sent nothing since the call before, and nothing newer than `before`. */
  expire(before: UnixMs): void;
  /** Forgets a tenant's hosts, without ending anything: another goes on with them. */
  drop(scope: TenantScope): void;
  /** Anomaly rates that wait to be stored; of hosts whose are wanted now, and of those in an event. */
  takeRates(wanted: (scope: TenantScope, host: string) => boolean): readonly HostRates[];
}

export interface DetectionDeps {
  /** Called when an anomaly begins, grows (at most every ten seconds of its samples' time) or ends. */
  readonly onChange: (scope: TenantScope, anomaly: Anomaly) => void;
  /** The same of an event. */
  readonly onEvent?: (scope: TenantScope, event: AnomalyEvent) => void;
  /** A made anomaly was found, or not. */
  readonly onCanary?: (scope: TenantScope, host: string, outcome: CanaryOutcome) => void;
  /** What was learnt of a host can not be gone on with, as after an upgrade: by one of its detectors, or at all. */
  readonly onForgotten?: (
    scope: TenantScope,
    forgotten: { readonly hostId: number; readonly detector?: string },
  ) => void;
  readonly options?: Partial<ZScoreOptions>;
  /** Trains in another thread; unless given training is done at once. */
  readonly trainer?: TreeTrainer;
  /** 0 <= number < 1. */
  readonly random?: () => number;
}

const defaults: ZScoreOptions = { sigmas: zscoreDefaults.sigmas, warmup: zscoreDefaults.warmup, consecutive: 5 };
/** What a host's series were like is forgotten after so long. */
const forgetMs = 86_400_000;

interface Host {
  readonly lanes: Lane[];
  readonly events: EventWatch;
  /** Of the newest batch. */
  schema: Schema;
  /** A made anomaly that is under way, and whose samples it is in. */
  canary: { readonly run: CanaryRun; readonly lane: Lane } | undefined;
  /** When the open event was told of last; undefined while there is none. */
  toldAt: UnixMs | undefined;
  /** Whether samples came since the last expiry: an agent that catches up sends old ones, and is there all the same. */
  isHeard: boolean;
}

export function createDetection({
  onChange,
  onEvent = () => {},
  onCanary = () => {},
  onForgotten = () => {},
  options,
  trainer,
  random = Math.random,
}: DetectionDeps): Detection {
  const settings = { ...defaults, ...options };
  const hosts = new Map<string, Host>();
  const rates = new AnomalyRates();
  /** By host: what was restored and has not been gone on with. */
  const restored = new Map<string, LaneState[]>();
  const tunings = new Map<number, Tuning>();
  /** By tenant: until its detectors go on with the newest settings. */
  const retuning = new Map<number, Promise<void>>();
  const savedAt = new WeakMap<Lane, UnixMs>();

  function hostOf(schema: Schema): Host {
    const key = keyOf(schema.scope, schema.hostId);
    let host = hosts.get(key);
    if (host === undefined) {
      const events = new EventWatch((shape) => feedbackOffset(shape, tunings.get(schema.scope.tenantId)?.judged ?? []));
      host = { lanes: [], events, schema, canary: undefined, toldAt: undefined, isHeard: true };
      hosts.set(key, host);
    }
    return host;
  }

  function laneOf({ lanes }: Host, schema: Schema): Lane {
    let lane = lanes.find((one) => one.schema === schema) ?? lanes.find((one) => one.shares(schema));
    if (lane === undefined) {
      lane = new Lane(schema, {
        options: settings,
        changed: (anomaly) => onChange(schema.scope, anomaly),
        state: takeRestored(schema),
        settings: tunings.get(schema.scope.tenantId)?.settings,
        trainer,
        forgotten: (detector) => onForgotten(schema.scope, { hostId: schema.hostId, detector }),
      });
      lanes.push(lane);
    }
    return lane;
  }

  function takeRestored({ scope, hostId, seriesIds }: Schema): LaneState | undefined {
    const key = keyOf(scope, hostId);
    const states = restored.get(key) ?? [];
    const ids = new Set(seriesIds);
    const found = states.find(({ detector }) => detector.series.some(({ seriesId }) => ids.has(seriesId)));
    if (found !== undefined)
      restored.set(
        key,
        states.filter((state) => state !== found),
      );
    return found;
  }

  function toEvent({ schema, lanes }: Host, event: HostEvent): AnomalyEvent {
    const judged = lanes.reduce((sum, lane) => sum + lane.schema.seriesIds.length, 0);
    const { pageSurprise = Infinity } = tunings.get(schema.scope.tenantId) ?? {};
    return eventOf(schema, event, {
      sigmas: settings.sigmas,
      judged,
      pageSurprise,
      firing: (seriesId) => lanes.flatMap((lane) => lane.firing(seriesId)),
    });
  }

  function eventChanged(host: Host, event: HostEvent, time: UnixMs): void {
    const isOver = event.end !== undefined;
    if (!isOver && host.toldAt !== undefined && time - host.toldAt < updateEveryMs) return;
    host.toldAt = isOver ? undefined : time;
    onEvent(host.schema.scope, toEvent(host, event));
  }

  function newestOf({ lanes }: Host): UnixMs {
    return lanes.reduce((newest, lane) => Math.max(newest, lane.newest), 0);
  }

  const ofTenant = ({ tenantId }: TenantScope): Host[] =>
    [...hosts.values()].filter(({ schema }) => schema.scope.tenantId === tenantId);

  function takeUp(scope: TenantScope, anomaly: Anomaly, signature: string): boolean {
    for (const { schema, lanes } of ofTenant(scope)) {
      if (schema.host !== anomaly.host) continue;
      for (const lane of lanes) {
        const isTaken = lane.takeUp(signature, excursionOf(anomaly));
        if (isTaken !== undefined) return isTaken;
      }
    }
    return false;
  }

  function takeUpEvent(scope: TenantScope, stored: AnomalyEvent): boolean {
    const { host, labels = {}, start, peakAt, peakSurprise, peakRatio } = stored;
    const found = ofTenant(scope).find(({ schema }) => schema.host === host);
    const event = found?.events.open;
    if (event === undefined) return false;
    event.start = start;
    event.labels = labels;
    if (peakSurprise > event.peakSurprise) Object.assign(event, { peakAt, peakSurprise, peakRatio });
    return true;
  }

  async function retune(scope: TenantScope): Promise<void> {
    // A fleet's detectors are many, and meanwhile others come.
    const turn = new EventTurn();
    for (const { lanes } of ofTenant(scope)) {
      for (const lane of lanes) lane.retune(tunings.get(scope.tenantId)?.settings ?? []);
      if (turn.isOver()) await turn.next();
    }
  }

  return {
    consume(stored) {
      const { schema } = stored;
      const host = hostOf(schema);
      host.isHeard = true;
      const lane = laneOf(host, schema);
      const ticks = lane.consume(stored);
      if (ticks === undefined) return;
      host.schema = schema;
      rates.observe(schema, ticks.times, ticks.firstRow, ticks.evidence);
      host.events.observe(ticks, (event) => eventChanged(host, event, ticks.times.at(-1) ?? 0));
      if (host.canary?.lane !== lane) return;
      const outcome = host.canary.run.consume(stored);
      if (outcome === undefined) return;
      host.canary = undefined;
      onCanary(schema.scope, schema.host, outcome);
    },

    open: (scope) => ({
      anomalies: ofTenant(scope).flatMap(({ lanes }) => lanes.flatMap((lane) => [...lane.open()])),
      events: ofTenant(scope).flatMap((host) =>
        host.events.open === undefined ? [] : [toEvent(host, host.events.open)],
      ),
    }),

    resume(scope, { anomalies, events }) {
      const taken = new Set<string>();
      const over: Anomaly[] = [];
      const lasting = new Set(
        ofTenant(scope).flatMap(({ lanes }) => lanes.flatMap((lane) => Array.from(lane.open(), ({ id }) => id))),
      );
      for (const anomaly of anomalies.toSorted((a, b) => a.start - b.start)) {
        // A series has one excursion at a time: the oldest that was left open names it.
        const signature = seriesSignature({ name: anomaly.metric, labels: anomaly.labels });
        // The detectors that are chosen by settings have theirs in the checkpoint.
        if (anomaly.detector !== 'zscore') {
          if (!lasting.has(anomaly.id)) over.push({ ...anomaly, end: anomaly.peakAt });
        } else if (!taken.has(signature) && takeUp(scope, anomaly, signature)) taken.add(signature);
        else over.push({ ...anomaly, end: anomaly.peakAt });
      }
      const eventsOver = events.filter((event) => !takeUpEvent(scope, event));
      return { anomalies: over, events: eventsOver.map((event) => ({ ...event, end: event.peakAt })) };
    },

    async tune(scope, tuning) {
      const { tenantId } = scope;
      const former = tunings.get(tenantId)?.settings ?? [];
      tunings.set(tenantId, tuning);
      if (former !== tuning.settings && (former.length > 0 || tuning.settings.length > 0)) {
        const running = retune(scope).finally(() => {
          if (retuning.get(tenantId) === running) retuning.delete(tenantId);
        });
        retuning.set(tenantId, running);
      }
      await retuning.get(tenantId);
    },

    injectCanary(scope) {
      // What is unusual already tells nothing of what would be found.
      const able = ofTenant(scope).filter(({ canary, events }) => canary === undefined && events.open === undefined);
      const host = able[Math.floor(random() * able.length)];
      const lane = host?.lanes[0];
      if (host !== undefined && lane !== undefined) {
        host.canary = { lane, run: new CanaryRun(lane, settings, random) };
      }
    },

    *checkpoints(only) {
      for (const { lanes } of only === undefined ? hosts.values() : ofTenant(only)) {
        for (const [index, lane] of lanes.entries()) {
          if (savedAt.get(lane) === lane.newest) continue;
          savedAt.set(lane, lane.newest);
          const { scope, hostId } = lane.schema;
          yield { scope, hostId, lane: index, version: checkpointVersion, body: encodeCheckpoint(lane.save()) };
        }
      }
    },

    restore(scope, { hostId, body }) {
      const state = decodeCheckpoint(body);
      if (state === undefined) {
        onForgotten(scope, { hostId });
        return;
      }
      const key = keyOf(scope, hostId);
      restored.set(key, [...(restored.get(key) ?? []), state]);
    },

    expire(before) {
      for (const [key, host] of hosts) {
        const newest = newestOf(host);
        if (!host.isHeard && newest < before) {
          for (const lane of host.lanes) lane.endAll();
          host.events.endNow((event) => eventChanged(host, event, newest));
        }
        if (!host.isHeard && newest < before - forgetMs) {
          hosts.delete(key);
          rates.forget(host.schema.scope, host.schema.host);
        }
        host.isHeard = false;
      }
    },

    drop(scope) {
      for (const [key, { schema }] of hosts) {
        if (schema.scope.tenantId !== scope.tenantId) continue;
        hosts.delete(key);
        rates.forget(schema.scope, schema.host);
      }
      for (const key of restored.keys()) if (key.startsWith(`${scope.tenantId}/`)) restored.delete(key);
    },

    takeRates(wanted) {
      const inEvent = new Set<string>();
      for (const { schema, events } of hosts.values()) {
        if (events.open !== undefined) inEvent.add(`${schema.scope.tenantId}/${schema.host}`);
      }
      return rates.take((scope, host) => wanted(scope, host) || inEvent.has(`${scope.tenantId}/${host}`));
    },
  };
}

function keyOf({ tenantId }: TenantScope, hostId: number): string {
  return `${tenantId}/${hostId}`;
}
