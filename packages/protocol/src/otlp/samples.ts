/** OTLP's metrics as Prometheus's series; docs/otlp.md has the mapping in words. Pure and without memory. */
import { maxLabels, type Labels } from '../labels.ts';
import type { MetricDescription, MetricKind } from '../metric.ts';
import { describeMetric, toLabelName, toLabelValue } from '../formats/names.ts';
import type { UnixMs } from '../sample.ts';
import type { Attributes } from './attributes.ts';
import { exponentialBounds, exponentialCounts } from './exponential.ts';
import {
  isRecorded,
  type HistogramPoint,
  type NumberPoint,
  type OtlpMetric,
  type SummaryPoint,
  type Temporality,
} from './metrics.ts';
import { prometheusName, prometheusUnit, type NameKind } from './naming.ts';
import type { OtlpResource } from './request.ts';

export interface OtlpSample {
  readonly metric: MetricDescription;
  readonly labels: Labels;
  readonly value: number;
  /** 0 when the sender gave none. */
  readonly timeMs: UnixMs;
  /** Whether `value` is what came since the sample before, instead of all so far. */
  readonly delta: boolean;
  /** Which point of the request it is of, from 0; a histogram's has many samples. That of no point is -1. */
  readonly point: number;
}

export interface OtlpSamples {
  readonly samples: readonly OtlpSample[];
  /** Points that can't be taken, however often they are sent. */
  readonly rejected: number;
  /** Why the first of them was not; '' when none. */
  readonly message: string;
}

/** Why a point can't be taken. */
class Unusable extends Error {}

/** Buckets of one histogram; each is a series. */
const maxBuckets = 200;

export function otlpSamples(metrics: readonly OtlpMetric[]): OtlpSamples {
  const samples: OtlpSample[] = [];
  let point = -1;
  let rejected = 0;
  let message = '';
  const resources = new Map<OtlpResource, Labels>();
  for (const metric of metrics) {
    let base = resources.get(metric.resource);
    if (base === undefined) {
      base = targetLabels(metric.resource.attributes);
      resources.set(metric.resource, base);
      const info = targetInfo(metric, base);
      if (info !== undefined) samples.push(info);
    }
    const add = (sample: Omit<OtlpSample, 'point'>): void => void samples.push({ ...sample, point });
    for (const put of writersOf(metric, base, add)) {
      const before = samples.length;
      point++;
      try {
        put();
      } catch (error) {
        if (!(error instanceof Unusable)) throw error;
        // All of a histogram or none of it.
        samples.length = before;
        if (rejected++ === 0) message = `${metric.name}: ${error.message}`;
      }
    }
  }
  return { samples, rejected, message };
}

/** One function per point, that adds its samples. */
function writersOf(metric: OtlpMetric, base: Labels, add: (sample: Omit<OtlpSample, 'point'>) => void): (() => void)[] {
  const { data } = metric;
  // Of all points the same.
  const names = new Map<NameKind, string | undefined>();
  const described = new Map<string, MetricDescription>();
  const recorded = <P extends { readonly flags: number }>(points: readonly P[], put: (point: P) => void) =>
    points.filter(isRecorded).map((point) => () => put(point));
  switch (data.kind) {
    case 'gauge':
      return recorded(data.points, (point) => putNumber('gauge', false, point));
    case 'sum':
      return recorded(data.points, (point) =>
        putNumber(data.monotonic ? 'counter' : 'gauge', isDelta(data.temporality), point),
      );
    case 'histogram':
      return recorded(data.points, (point) => putHistogram(point, isDelta(data.temporality)));
    case 'exponentialHistogram':
      return recorded(data.points, (point) => {
        const counts = exponentialCounts(point);
        if (counts === undefined) throw new Unusable(`expected a scale from -10 to 20, got ${point.scale}`);
        putHistogram(
          { ...point, bucketCounts: counts, explicitBounds: [...exponentialBounds] },
          isDelta(data.temporality),
        );
      });
    case 'summary':
      return recorded(data.points, putSummary);
  }

  function family(kind: NameKind): string {
    if (!names.has(kind)) names.set(kind, prometheusName(metric.name, metric.unit, kind));
    const name = names.get(kind);
    if (name === undefined) throw new Unusable('the name has no letter or digit');
    return name;
  }

  function describe(name: string, kind: MetricKind, unit = prometheusUnit(metric.unit)): MetricDescription {
    let description = described.get(name);
    if (description === undefined)
      described.set(name, (description = describeMetric(name, kind, unit, metric.description)));
    return description;
  }

  function putNumber(kind: MetricKind, delta: boolean, { attributes, asDouble, asInt, timeMs }: NumberPoint): void {
    const value = asDouble ?? asInt ?? 0;
    const labels = labelsOf(attributes, base);
    if (kind === 'counter' && value < 0) throw new Unusable(`a sum that only grows can not be ${value}`);
    // There is no sample of what is no number.
    if (Number.isFinite(value)) add({ metric: describe(family(kind), kind), labels, value, timeMs, delta });
  }

  function putCountAndSum(name: string, labels: Labels, point: HistogramPoint | SummaryPoint, delta: boolean): void {
    const { count, sum, timeMs } = point;
    add({
      metric: describe(`${name}_count`, 'counter', ''),
      labels,
      value: count,
      timeMs,
      delta,
    });
    if (sum !== undefined && Number.isFinite(sum))
      add({ metric: describe(`${name}_sum`, 'counter'), labels, value: sum, timeMs, delta });
  }

  function putHistogram(point: HistogramPoint, delta: boolean): void {
    const { attributes, bucketCounts, explicitBounds, count, timeMs } = point;
    // Without buckets it is a count and a sum.
    const bounds = bucketCounts.length === 0 ? [] : explicitBounds;
    if (bucketCounts.length > 0 && bucketCounts.length !== bounds.length + 1)
      throw new Unusable(
        `expected ${bounds.length + 1} buckets for ${bounds.length} bounds, got ${bucketCounts.length}`,
      );
    if (bounds.length > maxBuckets) throw new Unusable(`expected at most ${maxBuckets} bounds, got ${bounds.length}`);
    if (bounds.some((bound, index) => !(bound > (bounds[index - 1] ?? Number.NEGATIVE_INFINITY))))
      throw new Unusable('expected ascending bounds');
    const name = family('distribution');
    const labels = labelsOf(attributes, base);
    const metricOfBuckets = describe(`${name}_bucket`, 'counter', '');
    let below = 0;
    for (const [index, bound] of bounds.entries()) {
      below += bucketCounts[index] ?? 0;
      if (bound === Number.POSITIVE_INFINITY) break;
      add({ metric: metricOfBuckets, labels: { ...labels, le: String(bound) }, value: below, timeMs, delta });
    }
    add({ metric: metricOfBuckets, labels: { ...labels, le: '+Inf' }, value: count, timeMs, delta });
    putCountAndSum(name, labels, point, delta);
  }

  function putSummary(point: SummaryPoint): void {
    const name = family('distribution');
    const labels = labelsOf(point.attributes, base);
    const { timeMs } = point;
    for (const { quantile, value } of point.quantileValues) {
      if (!Number.isFinite(value)) continue;
      const labelsOfQuantile = { ...labels, quantile: String(quantile) };
      add({ metric: describe(name, 'gauge'), labels: labelsOfQuantile, value, timeMs, delta: false });
    }
    putCountAndSum(name, labels, point, false);
  }
}

function isDelta(temporality: Temporality): boolean {
  if (temporality === 'unspecified') throw new Unusable('expected a temporality of delta or cumulative, got none');
  return temporality === 'delta';
}

const identifying: ReadonlySet<string> = new Set(['service.name', 'service.namespace', 'service.instance.id']);

/** `job` and `instance`, as Prometheus calls who measured. */
function targetLabels(attributes: Attributes): Labels {
  const text = (name: string): string => toLabelValue(String(attributes.get(name) ?? ''));
  const namespace = text('service.namespace');
  const job = namespace === '' ? text('service.name') : `${namespace}/${text('service.name')}`;
  const instance = text('service.instance.id');
  return { ...(job === '' ? {} : { job }), ...(instance === '' ? {} : { instance }) };
}

/** Beside job and instance, and within what a series may have. */
const mostInfoLabels = maxLabels - 3;

const targetInfoMetric: MetricDescription = {
  name: 'target_info',
  kind: 'gauge',
  unit: '',
  help: 'What OpenTelemetry knows of the service; always 1.',
};

/** All other attributes of the resource, once: they would be on every series otherwise. */
function targetInfo({ resource, data }: OtlpMetric, base: Labels): OtlpSample | undefined {
  const rest = [...resource.attributes].filter(([name]) => !identifying.has(name));
  if (rest.length === 0 || Object.keys(base).length === 0) return undefined;
  const labels = labelsOf(new Map(rest.slice(0, mostInfoLabels)), base);
  return { metric: targetInfoMetric, labels, value: 1, timeMs: data.points[0]?.timeMs ?? 0, delta: false, point: -1 };
}

function labelsOf(attributes: Attributes, base: Labels): Labels {
  const labels = new Map<string, string>();
  for (const [name, value] of attributes) {
    const label = toLabelName(name);
    const before = labels.get(label);
    // Two names that become one: neither value may be lost.
    labels.set(label, before === undefined ? String(value) : `${before};${value}`);
  }
  for (const [name, value] of Object.entries(base)) labels.set(name, value);
  // One more may come: le or quantile.
  if (labels.size >= maxLabels) throw new Unusable(`expected fewer than ${maxLabels} labels, got ${labels.size}`);
  return Object.fromEntries([...labels].map(([name, value]) => [name, toLabelValue(value)]));
}
