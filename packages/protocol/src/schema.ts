import { pack, Unpackr } from 'msgpackr';
import { BatchError } from './bytes.ts';
import { describeValue } from './errors.ts';
import { canonicalLabels, isLabelName, maxLabels, maxLabelValueLength, type Labels } from './labels.ts';
import { checkMsgpackBounds } from './msgpack-bounds.ts';
import { isMetricName, type MetricDescription } from './metric.ts';
import { payloadLimits } from './payload.ts';

/** What the columns of a batch are, in order. Declared once; batches then name it by its hash. */
export interface SeriesSchema {
  readonly metrics: readonly MetricDescription[];
  /** `metric` is an index into `metrics`. Labels are without `host`, which every batch says once. */
  readonly series: readonly { readonly metric: number; readonly labels: Labels }[];
}

/** Most metrics of one schema. */
const maxMetrics = 5_000;
const maxHelpLength = 500;
const maxUnitLength = 40;
/** PostgreSQL has no text with it. */
const nul = '\0';

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false });

/** Equal schemas give equal bytes: label order does not matter. */
export function encodeSchema(schema: SeriesSchema): Uint8Array {
  return pack([
    schema.metrics.map(({ name, kind, unit, help }) => [name, kind === 'counter' ? 1 : 0, unit, help]),
    schema.series.map(({ metric, labels }) => [metric, ...canonicalLabels(labels).flat()]),
  ]);
}

/**
 * The reverse of {@link encodeSchema}; takes hostile bytes.
 *
 * @param withHost  whether `host` may be a label, which otherwise the batch says
 * @throws {BatchError} `batch/schema`, naming the place: `schema.series[3].labels.host`
 */
export function decodeSchema(bytes: Uint8Array, withHost = false): SeriesSchema {
  let record: unknown;
  try {
    checkMsgpackBounds(bytes);
    record = unpackr.unpack(bytes);
  } catch (cause) {
    throw new BatchError('batch/schema', `schema: expected msgpack, got ${bytes.byteLength} other bytes`, {
      cause,
      field: 'schema',
    });
  }
  const [metricRows, seriesRows] = list('schema', record, 2);
  const metrics = list('schema.metrics', metricRows, maxMetrics).map((row, index) =>
    metric(`schema.metrics[${index}]`, row),
  );
  const series = list('schema.series', seriesRows, payloadLimits.width).map((row, index) => {
    const at = `schema.series[${index}]`;
    const [metricIndex, ...pairs] = list(at, row, 1 + 2 * maxLabels);
    if (typeof metricIndex !== 'number' || metrics[metricIndex] === undefined) {
      throw bad(`${at}.metric`, `an index below ${metrics.length}`, metricIndex);
    }
    return { metric: metricIndex, labels: labelsOf(at, pairs, withHost) };
  });
  return { metrics, series };
}

function metric(at: string, row: unknown): MetricDescription {
  const [name, kind, unit, help] = list(at, row, 4);
  if (typeof name !== 'string' || !isMetricName(name)) throw bad(`${at}.name`, 'a metric name', name);
  if (kind !== 0 && kind !== 1) throw bad(`${at}.kind`, '0 (gauge) or 1 (counter)', kind);
  if (typeof unit !== 'string' || unit.length > maxUnitLength || unit.includes(nul)) {
    throw bad(`${at}.unit`, `up to ${maxUnitLength} characters, none of them NUL`, unit);
  }
  if (typeof help !== 'string' || help.length > maxHelpLength) {
    throw bad(`${at}.help`, `up to ${maxHelpLength} characters`, help);
  }
  return { name, kind: kind === 1 ? 'counter' : 'gauge', unit, help };
}

function labelsOf(at: string, pairs: readonly unknown[], mayName: boolean): Labels {
  if (pairs.length % 2 !== 0) throw bad(`${at}.labels`, 'pairs of name and value', pairs);
  // A map first: a label named __proto__ must not reach an object's prototype.
  const labels = new Map<string, string>();
  for (let index = 0; index < pairs.length; index += 2) {
    const name = pairs[index];
    const value = pairs[index + 1];
    if (typeof name !== 'string' || !isLabelName(name) || (name === 'host' && !mayName) || labels.has(name)) {
      throw bad(`${at}.labels`, `label names, each once${mayName ? '' : ', other than host'}`, name);
    }
    if (typeof value !== 'string' || value.length > maxLabelValueLength || value.includes(nul)) {
      throw bad(`${at}.labels.${name}`, `up to ${maxLabelValueLength} characters, none of them NUL`, value);
    }
    labels.set(name, value);
  }
  return Object.fromEntries(labels);
}

function list(at: string, value: unknown, most: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) throw bad(at, `an array of up to ${most}`, value);
  return value;
}

function bad(at: string, expected: string, value: unknown): BatchError {
  return new BatchError('batch/schema', `${at}: expected ${expected}, got ${describeValue(value)}`, { field: at });
}
