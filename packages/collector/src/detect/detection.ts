/** Every stored sample through the detectors; what they find becomes anomalies. */
import { seriesSignature, type Anomaly, type UnixMs } from '@tarsier/protocol';
import { formatNumber, formatTime } from '../stats/format.ts';
import type { SamplesConsumer, StoredSamples } from '../stored-samples.ts';
import type { TenantScope } from '../tenant.ts';
import { HostZScore, type Excursion, type ZScoreOptions, type ZScoreSeries } from './zscore.ts';

type Schema = StoredSamples['schema'];

export interface Detection {
  readonly consume: SamplesConsumer;
  /** Anomalies that last. */
  open(scope: TenantScope): readonly Anomaly[];
  /** Ends the anomalies of hosts that have sent nothing since then. */
  expire(before: UnixMs): void;
}

export interface DetectionDeps {
  /** Called when an anomaly begins, grows (at most every ten seconds) or ends. */
  readonly onChange: (scope: TenantScope, anomaly: Anomaly) => void;
  readonly options?: Partial<ZScoreOptions>;
}

const defaults: ZScoreOptions = { sigmas: 2.5, warmup: 60, consecutive: 5 };
const updateEveryMs = 10_000;
/** Larger says nothing more. */
const largestScore = 1_000;

interface Host {
  schema: Schema;
  detector: HostZScore;
  /** When each excursion was last told of, by its start and column. */
  readonly toldAt: Map<string, UnixMs>;
}

export function createDetection({ onChange, options }: DetectionDeps): Detection {
  const settings = { ...defaults, ...options };
  const hosts = new Map<string, Host>();

  function hostOf(schema: Schema): Host {
    const key = `${schema.scope.tenantId}/${schema.hostId}`;
    let host = hosts.get(key);
    if (host === undefined) {
      host = { schema, detector: new HostZScore(seriesOf(schema), settings), toldAt: new Map() };
      hosts.set(key, host);
    } else if (host.schema !== schema) {
      host.detector = host.detector.relaid(seriesOf(schema));
      host.schema = schema;
    }
    return host;
  }

  function tell(host: Host, excursion: Excursion): void {
    const { schema, toldAt } = host;
    const key = `${schema.seriesIds[excursion.column]}/${excursion.start}`;
    const told = toldAt.get(key);
    const ended = excursion.end !== undefined;
    if (!ended && told !== undefined && excursion.peakAt - told < updateEveryMs) return;
    if (ended) toldAt.delete(key);
    else toldAt.set(key, excursion.peakAt);
    onChange(schema.scope, anomalyOf(schema, excursion));
  }

  return {
    consume({ schema, matrix }) {
      const host = hostOf(schema);
      host.detector.push(matrix, (excursion) => tell(host, excursion));
    },
    open: ({ tenantId }) =>
      [...hosts.values()]
        .filter(({ schema }) => schema.scope.tenantId === tenantId)
        .flatMap(({ schema, detector }) => Array.from(detector.open(), (excursion) => anomalyOf(schema, excursion))),
    expire(before) {
      for (const host of hosts.values()) {
        if (host.detector.newest < before) host.detector.endAll((excursion) => tell(host, excursion));
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

/** Its id follows from what it is, so that finding it again after a restart does not store it twice. */
function anomalyOf({ scope, host, schema, seriesIds }: Schema, excursion: Excursion): Anomaly {
  const { column, start, end, peakAt, value, expected } = excursion;
  const series = schema.series[column];
  const metric = series === undefined ? undefined : schema.metrics[series.metric];
  const name = metric?.name ?? '';
  const labels = { ...series?.labels, host };
  const peakScore = Math.min(excursion.peakScore, largestScore);
  const what =
    metric?.kind === 'counter' ? `rate of ${seriesSignature({ name, labels })}` : seriesSignature({ name, labels });
  const unit = metric?.kind === 'counter' ? ' per second' : '';
  return {
    id: `${scope.tenantId.toString(36)}-${(seriesIds[column] ?? 0).toString(36)}-z-${start.toString(36)}`,
    host,
    metric: name,
    labels,
    detector: 'zscore',
    start,
    ...(end === undefined ? {} : { end }),
    peakScore: Number(peakScore.toFixed(1)),
    peakAt,
    value,
    expected,
    reason: `${what} was ${formatNumber(value)}${unit} at ${formatTime(peakAt)}, where about ${formatNumber(expected)} was usual (${formatNumber(peakScore)} sigma)`,
  };
}
