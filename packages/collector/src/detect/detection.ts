/** Every stored sample through the detectors; what they find becomes anomalies. */
import { seriesSignature, type Anomaly, type UnixMs } from '@tarsier/protocol';
import type { SamplesConsumer, StoredSamples } from '../stored-samples.ts';
import type { TenantScope } from '../tenant.ts';
import { anomalyOf, excursionOf, identify, type ExcursionSeries } from './anomaly.ts';
import type { Excursion } from './excursion.ts';
import { HostZScore, type ZScoreOptions, type ZScoreSeries } from './zscore/host-zscore.ts';
import { zscoreDefaults } from './zscore/zscore.ts';

type Schema = StoredSamples['schema'];

export interface Detection {
  readonly consume: SamplesConsumer;
  /** Anomalies that last. */
  open(scope: TenantScope): readonly Anomaly[];
  /**
   * Takes up the anomalies that were open when the collector stopped, once past samples were consumed again.
   *
   * @returns those that are over, with their end; {@link Detection.open} has the others, under the same id
   */
  resume(scope: TenantScope, anomalies: readonly Anomaly[]): readonly Anomaly[];
  /** Ends the anomalies of hosts that have sent nothing since the call before, and nothing newer than `before`. */
  expire(before: UnixMs): void;
}

export interface DetectionDeps {
  /** Called when an anomaly begins, grows (at most every ten seconds of its samples' time) or ends. */
  readonly onChange: (scope: TenantScope, anomaly: Anomaly) => void;
  readonly options?: Partial<ZScoreOptions>;
}

const defaults: ZScoreOptions = { sigmas: zscoreDefaults.sigmas, warmup: zscoreDefaults.warmup, consecutive: 5 };
const updateEveryMs = 10_000;
/** What a host's series were like is forgotten after so long. */
const forgetMs = 86_400_000;

interface Host {
  schema: Schema;
  detector: HostZScore;
  readonly lasting: Map<Excursion, Lasting>;
  /** Whether samples came since the last expiry: an agent that catches up sends old ones, and is there all the same. */
  isHeard: boolean;
}

interface Lasting {
  readonly series: ExcursionSeries;
  toldAt: UnixMs;
  /** Has grown since it was told of. */
  isNews: boolean;
}

export function createDetection({ onChange, options }: DetectionDeps): Detection {
  const settings = { ...defaults, ...options };
  const hosts = new Map<string, Host>();

  function hostOf(schema: Schema): Host {
    const key = `${schema.scope.tenantId}/${schema.hostId}`;
    let host = hosts.get(key);
    if (host === undefined) {
      host = { schema, detector: new HostZScore(seriesOf(schema), settings), lasting: new Map(), isHeard: true };
      hosts.set(key, host);
    }
    return host;
  }

  function changed(host: Host, excursion: Excursion): void {
    const { schema, lasting } = host;
    const known = lasting.get(excursion);
    if (excursion.end !== undefined) {
      lasting.delete(excursion);
      if (known !== undefined) onChange(schema.scope, anomalyOf(schema, known.series, excursion));
    } else if (known === undefined) {
      const series = identify(schema, excursion.column);
      lasting.set(excursion, { series, toldAt: excursion.peakAt, isNews: false });
      onChange(schema.scope, anomalyOf(schema, series, excursion));
    } else {
      known.isNews = true;
    }
  }

  function tellGrown({ schema, detector, lasting }: Host): void {
    for (const [excursion, known] of lasting) {
      if (!known.isNews || detector.newest - known.toldAt < updateEveryMs) continue;
      known.isNews = false;
      known.toldAt = detector.newest;
      onChange(schema.scope, anomalyOf(schema, known.series, excursion));
    }
  }

  function openOf({ schema, detector, lasting }: Host): Anomaly[] {
    return Array.from(detector.open(), (excursion) =>
      anomalyOf(schema, lasting.get(excursion)?.series ?? identify(schema, excursion.column), excursion),
    );
  }

  /** @returns whether the series' excursion goes on as that anomaly */
  function takeUp(scope: TenantScope, anomaly: Anomaly, signature: string): boolean {
    for (const { schema, detector, lasting } of hosts.values()) {
      if (schema.scope.tenantId !== scope.tenantId || schema.host !== anomaly.host) continue;
      const column = schema.schema.series.findIndex((_, index) => identify(schema, index).signature === signature);
      if (column === -1) return false;
      const excursion = detector.resume(column, excursionOf(anomaly));
      if (excursion === undefined) return false;
      lasting.set(excursion, { series: identify(schema, column), toldAt: excursion.peakAt, isNews: false });
      return true;
    }
    return false;
  }

  return {
    consume({ schema, matrix }) {
      const host = hostOf(schema);
      host.isHeard = true;
      // A late batch has another schema at most because it is old: it must not turn back the columns.
      if ((matrix.times.at(-1) ?? 0) <= host.detector.newest) return;
      if (host.schema !== schema) {
        if (!isSameLayout(host.schema, schema)) host.detector = host.detector.relaid(seriesOf(schema));
        host.schema = schema;
      }
      host.detector.push(matrix, (excursion) => changed(host, excursion));
      if (host.lasting.size > 0) tellGrown(host);
    },

    open: ({ tenantId }) =>
      [...hosts.values()].filter(({ schema }) => schema.scope.tenantId === tenantId).flatMap(openOf),

    resume(scope, anomalies) {
      const taken = new Set<string>();
      const over: Anomaly[] = [];
      for (const anomaly of anomalies.toSorted((a, b) => a.start - b.start)) {
        // A series has one excursion at a time: the oldest that was left open names it.
        const signature = seriesSignature({ name: anomaly.metric, labels: anomaly.labels });
        if (!taken.has(signature) && takeUp(scope, anomaly, signature)) taken.add(signature);
        else over.push({ ...anomaly, end: anomaly.peakAt });
      }
      return over;
    },

    expire(before) {
      for (const [key, host] of hosts) {
        const { newest } = host.detector;
        if (!host.isHeard && newest < before) host.detector.endAll((excursion) => changed(host, excursion));
        if (!host.isHeard && newest < before - forgetMs) hosts.delete(key);
        host.isHeard = false;
      }
    },
  };
}

function seriesOf({ schema, seriesIds }: Schema): ZScoreSeries[] {
  return schema.series.map(({ metric }, column) => {
    const { kind = 'gauge', unit = '' } = schema.metrics[metric] ?? {};
    return { seriesId: seriesIds[column] ?? -1, kind, unit };
  });
}

function isSameLayout(one: Schema, other: Schema): boolean {
  const { seriesIds } = other;
  return one.seriesIds.length === seriesIds.length && one.seriesIds.every((id, column) => id === seriesIds[column]);
}
