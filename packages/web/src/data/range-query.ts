/** How a chart asks for the past: which step, which requests, and what their answers mean. */
import type { MetricKind, SeriesColumn } from '@tarsier/protocol';
import { seriesSignature } from '@tarsier/protocol/labels';
import type { Api } from './rest.ts';
import type { HeldSeries } from './source.ts';
import { stepFor } from './steps.ts';
import type { Span } from './time-range.ts';

export { stepFor } from './steps.ts';

/** What is to be drawn: a selector, whose samples are aggregated so that no spike is lost, or any PromQL. */
export interface ChartQuery {
  readonly expr: string;
  readonly kind: 'selector' | 'promql';
  /** Of a selector: counters as their increase per second. */
  readonly rate: boolean;
  /** What a series is called that has no name, as most expressions give. */
  readonly name: string;
}

/** As much as is asked for in raw samples; beyond it the collector aggregates. */
const rawMs = 3_600_000;

/**
 * Paths of the requests that answer a query. A selector over more than an hour asks for the smallest and the largest
 * value of each step, to be drawn one after the other.
 */
export function rangePaths({ expr, kind, rate }: ChartQuery, { from, to }: Span, pixels: number): readonly string[] {
  const stepMs = stepFor(to - from, pixels);
  const path = (parameters: Record<string, string>, start: number, end: number): string =>
    `/v1/query_range?${new URLSearchParams({ query: expr, start: String(start / 1000), end: String(end / 1000), ...parameters })}`;
  if (kind === 'selector' && to - from <= rawMs) return [path({}, Math.floor(from), Math.ceil(to))];
  // Multiples of the step since 1970: the curve does not jump as time goes on.
  const [start, end] = [Math.floor(from / stepMs) * stepMs, Math.ceil(to / stepMs) * stepMs];
  const step = `${stepMs / 1000}s`;
  if (kind === 'promql') return [path({ step }, start, end)];
  const aggregations = rate ? ['rate'] : ['min', 'max'];
  return aggregations.map((aggregation) => path({ step, aggregation }, start, end));
}

/** Whether the answer holds raw samples, so that counters are still to be made rates. */
export function answersRaw({ kind }: ChartQuery, { from, to }: Span): boolean {
  return kind === 'selector' && to - from <= rawMs;
}

export interface SeriesAbout {
  readonly kind: MetricKind;
  readonly unit: string;
}

/** Kind and unit of a selector's metrics, by name: an answer of samples does not say them. @throws {RequestError} */
export async function seriesAbout(
  api: Api,
  selector: string,
  signal?: AbortSignal,
): Promise<(name: string) => SeriesAbout> {
  // The collector's own answer, checked where it was made.
  const { series = [] } = (await api.get(`/v1/series?${new URLSearchParams({ query: selector })}`, signal)) as {
    series?: readonly (SeriesAbout & { readonly name: string })[];
  };
  const byName = new Map(series.map(({ name, kind, unit }) => [name, { kind, unit }]));
  return (name) => byName.get(name) ?? { kind: 'gauge', unit: '' };
}

/**
 * The answers as series. Two answers (smallest and largest) become one series with two points per step.
 *
 * @param about  kind and unit, by metric name
 * @param unnamed  name of a series that has none
 */
export function heldFromAnswers(
  answers: readonly unknown[],
  about: (name: string) => SeriesAbout,
  stepMs: number,
  unnamed = '',
): readonly HeldSeries[] {
  const [first = [], second] = answers
    .map(parseMatrix)
    .map((series) => series.map(({ metric, column }) => ({ metric: { __name__: unnamed, ...metric }, column })));
  if (second === undefined) return first.map(({ metric, column }) => held(metric, column, about));
  const largest = new Map(second.map(({ metric, column }) => [signatureOf(metric), column]));
  return first.map(({ metric, column }) =>
    held(metric, interleave(column, largest.get(signatureOf(metric)), stepMs), about),
  );
}

interface MatrixSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly column: SeriesColumn;
}

/** The body is the collector's own, validated where it was made; what is no matrix has no series. */
function parseMatrix(body: unknown): readonly MatrixSeries[] {
  const { data } = body as { data?: { result?: { metric: Record<string, string>; values: [number, string][] }[] } };
  return (data?.result ?? []).map(({ metric, values }) => ({
    metric,
    column: {
      times: Float64Array.from(values, ([seconds]) => Math.round(seconds * 1000)),
      values: Float64Array.from(values, ([, value]) => numberOf(value)),
    },
  }));
}

function numberOf(text: string): number {
  return text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text);
}

function signatureOf({ __name__: name = '', ...labels }: Readonly<Record<string, string>>): string {
  return seriesSignature({ name, labels });
}

function held(
  metric: Readonly<Record<string, string>>,
  column: SeriesColumn,
  about: (name: string) => SeriesAbout,
): HeldSeries {
  const { __name__: name = '', ...labels } = metric;
  return { name, labels, ...about(name), signature: signatureOf(metric), column };
}

function interleave(smallest: SeriesColumn, largest: SeriesColumn | undefined, stepMs: number): SeriesColumn {
  if (largest?.times.length !== smallest.times.length) return smallest;
  const times = new Float64Array(smallest.times.length * 2);
  const values = new Float64Array(times.length);
  for (let i = 0; i < smallest.times.length; i++) {
    const time = smallest.times[i] ?? 0;
    times[i * 2] = time;
    times[i * 2 + 1] = time + stepMs / 2;
    values[i * 2] = smallest.values[i] ?? NaN;
    values[i * 2 + 1] = largest.values[i] ?? NaN;
  }
  return { times, values };
}

const units = ['ratio', 'bytes', 'seconds', 'celsius', 'hertz'] as const;

/** The unit of an expression's values by the names in it, as metric names end in their unit; '' when they disagree. */
export function unitOfExpression(expr: string): string {
  const withoutStrings = expr.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\{[^}]*\}/gu, '');
  // Of a quotient or a count the unit is another one.
  if (/\/|\bcount\b|\bcount_values\b|\bchanges\b|\bresets\b|\bgroup\b|\bbool\b/u.test(withoutStrings)) return '';
  const names = withoutStrings.match(/[a-z_:][\w:]*_(?:ratio|bytes|seconds|celsius|hertz)(?:_total)?\b/giu) ?? [];
  const found = new Set(names.map((name) => units.find((unit) => name.replace(/_total$/u, '').endsWith(`_${unit}`))));
  const [unit] = found;
  if (unit === undefined || found.size > 1) return '';
  if (!/\b(?:rate|irate|deriv)\s*\(/u.test(withoutStrings)) return unit;
  // A second per second is a share.
  return unit === 'seconds' ? 'ratio' : `${unit}/s`;
}
