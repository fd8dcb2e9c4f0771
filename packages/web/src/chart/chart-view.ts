/** What a chart shows, decided without a canvas: samples in, aligned lines, names, numbers and sentences out. */
import type { Alert, Anomaly, AnomalyEvent, SeriesColumn } from '@tarsier/protocol';
import type { ChartData, ForecastBand } from '../controllers/chart-data.ts';
import { ratePerSecond } from '../data/rate.ts';
import type { HeldSeries } from '../data/source.ts';
import { en } from '../i18n/en.ts';
import type { Words } from '../i18n/en.ts';
import type { Locale } from '../i18n/locale.ts';
import { browserLocale } from '../i18n/locale.ts';
import { alignColumns } from './align.ts';
import { anomaliesOf, partsInEvents } from './anomaly-bands.ts';
import { decimate } from './decimate.ts';
import { markersOf } from './markers.ts';
import type { Marker } from './markers.ts';
import { seriesNames } from './naming.ts';
import { assignSlots, seriesColours } from './palette.ts';
import { stacked } from './stack.ts';
import { formatValue, rateUnit, scaleFor } from './units.ts';
import type { Scale } from './units.ts';
import { holdRange, logRange, roundRange } from './value-range.ts';
import type { HeldRange } from './value-range.ts';

export const chartKinds = ['line', 'area', 'bars', 'band', 'steps'] as const;
export type ChartKind = (typeof chartKinds)[number];

/** A line across the chart, as an alert rule's bound. */
export interface Threshold {
  readonly value: number;
  readonly label?: string;
  readonly severity?: 'info' | 'warning' | 'critical';
}

export interface ChartSettings {
  readonly kind: ChartKind;
  readonly stacked: boolean;
  readonly log: boolean;
  readonly rate: boolean;
  /** Overrides the metric's own unit; '' takes that. */
  readonly unit: string;
  readonly windowMs: number;
  /** Labels that name a line; empty: whatever tells the lines apart. */
  readonly by: readonly string[];
  /** Fixed ends of the axis; absent: follow the values. */
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly thresholds: readonly Threshold[];
  /** Nothing is shaded. */
  readonly noAnomalies?: boolean;
  /** Which markers stand above the plot. */
  readonly annotations: readonly Marker['kind'][];
  /** And those that the page around the chart knows of. */
  readonly markers?: readonly Marker[];
}

export interface ChartLine {
  readonly signature: string;
  readonly name: string;
  /** Colour slot, 0 to 7. */
  readonly slot: number;
  /** Along {@link ChartView.times}; NaN where there is no sample. */
  readonly values: Float64Array;
  /** Where it is drawn: `values`, or in a stack above the lines before it. */
  readonly drawn: Float64Array;
  readonly latest: number | undefined;
  /** Of an earlier time, drawn dashed in the colour of the line that it is compared with. */
  readonly earlier: boolean;
}

export interface ChartView {
  readonly from: number;
  /** Where samples end: now, or the end of a fixed range. */
  readonly to: number;
  /** Right edge; beyond `to` where there is a forecast. */
  readonly end: number;
  readonly times: Float64Array;
  readonly lines: readonly ChartLine[];
  /** Series beyond the eight that have a colour. */
  readonly hidden: number;
  readonly unit: string;
  readonly scale: Scale;
  readonly held: HeldRange;
  readonly anomalies: readonly Anomaly[];
  readonly markers: readonly Marker[];
  readonly forecasts: readonly ForecastBand[];
  readonly thresholds: readonly Threshold[];
  readonly settings: ChartSettings;
  /** Newest sample; undefined when there is none in the window. */
  readonly newest: number | undefined;
  /** No sample for longer than three intervals, and than an agent's longest pause between two batches. */
  readonly stale: boolean;
  /** The same object as long as the lines are the same ones. */
  readonly naming: LineNaming;
}

/** What lines are called and coloured. */
export interface LineNaming {
  /** Of the series, and of those that they are compared with. */
  readonly signatures: readonly string[];
  readonly names: readonly string[];
  readonly slots: ReadonlyMap<string, number>;
}

/** Agents ship every 10 s while nobody watches their host. */
const longestPauseMs = 15_000;

/** The smallest top of an axis, by unit, so that idle noise stays low. */
const floors: Readonly<Record<string, number>> = { ratio: 0.1, bytes: 1024, 'bytes/s': 10_240 };

export type ChartViewInput = Pick<ChartData, 'series' | 'compared' | 'raw' | 'forecasts' | 'span'> & {
  readonly anomalies: readonly Anomaly[];
  readonly events: readonly AnomalyEvent[];
  readonly alerts: readonly Alert[];
};

export function chartView(
  input: ChartViewInput,
  settings: ChartSettings,
  pixels: number,
  now: number,
  before: Pick<ChartView, 'held' | 'naming' | 'unit'> | undefined,
): ChartView {
  const { series: held, span } = input;
  const newest = held.reduce((latest, { column }) => Math.max(latest, column.times.at(-1) ?? -Infinity), -Infinity);
  // The newest sample stands at the right edge; when samples stay away, time goes on without them.
  const to = span?.to ?? Math.max(newest, now - longestPauseMs);
  const from = span?.from ?? to - settings.windowMs;
  const perSecond = settings.rate && input.raw;
  const ready = (series: HeldSeries): HeldSeries =>
    perSecond ? { ...series, column: ratePerSecond(series.column) } : series;

  const inWindow = held.filter(({ column }) => (column.times.at(-1) ?? -Infinity) >= from);
  const shown = loudest(inWindow).map(ready);
  const signatures = shown.map(({ signature }) => signature);
  const compared = input.compared.filter(({ signature }) => signatures.includes(signature)).map(ready);

  const unit = settings.unit || withRate(shown[0]?.unit ?? '', settings.rate);
  const aligned = alignColumns(
    [...shown, ...compared].map(({ column }) => column),
    from,
  );
  const { times, values } = decimate(aligned, to - from, pixels);
  const drawn = settings.stacked ? [...stacked(values.slice(0, shown.length)), ...values.slice(shown.length)] : values;
  const { scale, range } = axis(drawn, input.forecasts, settings, unit);
  const naming = nameLines(shown, compared, settings, before?.naming);

  const lines = [...shown, ...compared].map(({ signature, column }, i): ChartLine => {
    const own = i < shown.length ? i : signatures.indexOf(signature);
    return {
      signature: i < shown.length ? signature : `${signature}\nearlier`,
      name: naming.names[own] ?? '',
      slot: naming.slots.get(signature) ?? 0,
      values: values[i] ?? new Float64Array(),
      drawn: drawn[i] ?? new Float64Array(),
      latest: column.times.at(-1) === newest ? column.values.at(-1) : lastRecent(column, to),
      earlier: i >= shown.length,
    };
  });
  const horizon = input.forecasts.flatMap(({ series }) => series.map(({ times: ahead }) => ahead.at(-1) ?? 0));
  return {
    from,
    to,
    end: Math.max(to, ...horizon),
    times,
    lines,
    hidden: inWindow.length - shown.length,
    unit,
    scale,
    // A range in another unit, as before the first series came, says nothing about this one.
    held: holdRange(before?.unit === unit ? before.held : undefined, range, now),
    anomalies: settings.noAnomalies === true ? [] : oddStretches(input, shown, from, to),
    markers: [
      ...markersOf(input, shown, from, to, settings.annotations),
      ...(settings.markers ?? []).filter(({ time }) => time >= from && time <= to),
    ].toSorted((a, b) => a.time - b.time),
    forecasts: input.forecasts,
    thresholds: settings.thresholds,
    settings,
    newest: newest >= from ? newest : undefined,
    stale: span === undefined && newest >= from && now - newest > Math.max(3 * aligned.intervalMs || 0, longestPauseMs),
    naming,
  };
}

function oddStretches(
  { anomalies, events }: ChartViewInput,
  shown: readonly HeldSeries[],
  from: number,
  to: number,
): readonly Anomaly[] {
  const own = anomaliesOf(anomalies, shown, from, to);
  return events.length === 0 ? own : [...own, ...partsInEvents(events, own, shown, from, to)];
}

function nameLines(
  shown: readonly HeldSeries[],
  compared: readonly HeldSeries[],
  { by }: ChartSettings,
  before: LineNaming | undefined,
): LineNaming {
  const all = [...shown, ...compared];
  const isSame =
    before?.signatures.length === all.length && all.every((one, i) => one.signature === before.signatures[i]);
  if (isSame) return before;
  const signatures = shown.map(({ signature }) => signature);
  return {
    signatures: all.map(({ signature }) => signature),
    names: by.length > 0 ? shown.map((series) => namedBy(series, by)) : seriesNames(shown),
    slots: assignSlots(before?.slots ?? new Map(), signatures),
  };
}

function withRate(unit: string, rate: boolean): string {
  return rate ? rateUnit(unit) : unit;
}

function axis(
  drawn: readonly Float64Array[],
  forecasts: readonly ForecastBand[],
  settings: ChartSettings,
  unit: string,
) {
  const ahead = forecasts.flatMap(({ series }) => series.flatMap(({ low, high }) => [...low, ...high]));
  const bounds = settings.thresholds.map(({ value }) => value);
  const { min, max, leastPositive } = extent([...drawn, ahead, bounds]);
  const top = settings.max ?? max;
  const scale = scaleFor(unit, Math.max(Math.abs(top), Math.abs(settings.min ?? min), floors[unit] ?? 0));
  const range = settings.log
    ? logRange(settings.min ?? leastPositive, top)
    : roundRange(settings.min ?? min, top, scale.divisor, settings.max ?? floors[unit] ?? 1);
  return { scale, range };
}

/** A series that paused for a moment still has its value; one that ended has none. */
function lastRecent({ times, values }: SeriesColumn, to: number): number | undefined {
  return to - (times.at(-1) ?? -Infinity) <= 4 * longestPauseMs ? values.at(-1) : undefined;
}

/** At most as many as there are colours: those that moved or reached most, in the order they came. */
function loudest(series: readonly HeldSeries[]): readonly HeldSeries[] {
  if (series.length <= seriesColours) return series;
  const loudness = ({ kind, column }: HeldSeries): number => {
    const { values } = column;
    // A counter's height is its age; its growth is what a chart shows.
    if (kind === 'counter') return (values.at(-1) ?? 0) - (values[0] ?? 0);
    return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  };
  const kept = new Set(series.toSorted((a, b) => loudness(b) - loudness(a)).slice(0, seriesColours));
  return series.filter((one) => kept.has(one));
}

function namedBy({ name, labels }: HeldSeries, by: readonly string[]): string {
  const parts = by.map((key) => (key === '__name__' ? name : (labels[key] ?? ''))).filter((part) => part !== '');
  return parts.join(' ') || name;
}

function extent(values: readonly ArrayLike<number>[]): { min: number; max: number; leastPositive: number } {
  let min = Infinity;
  let max = -Infinity;
  let leastPositive = Infinity;
  for (const column of values) {
    for (let i = 0; i < column.length; i++) {
      const value = column[i] ?? NaN;
      if (!Number.isFinite(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
      if (value > 0 && value < leastPositive) leastPositive = value;
    }
  }
  return min <= max ? { min, max, leastPositive } : { min: 0, max: 0, leastPositive: 1 };
}

/** One sentence for who cannot see the lines: what, newest values, anomalies. */
export function chartSummary(
  label: string,
  view: ChartView,
  { chart }: Pick<Words, 'chart'> = en,
  locale: Locale = browserLocale,
): string {
  if (view.lines.length === 0) return chart.noSamplesOf(label);
  const values = view.lines
    .filter(({ earlier }) => !earlier)
    .map(({ name, latest }) => `${name} ${formatValue(latest, view.unit, locale)}`)
    .join(', ');
  const { length } = view.anomalies;
  return chart.inView(label, values, length === 0 ? chart.noAnomaly : chart.anomalies(length));
}
