/** What a chart shows, decided without a canvas: samples in, aligned lines, names, numbers and sentences out. */
import type { Anomaly, SeriesColumn } from '@tarsier/protocol';
import { ratePerSecond } from '../data/rate.ts';
import type { HeldSeries } from '../data/source.ts';
import { alignColumns } from './align.ts';
import { anomaliesOf } from './anomaly-bands.ts';
import { decimate } from './decimate.ts';
import { seriesNames } from './naming.ts';
import { assignSlots, seriesColours } from './palette.ts';
import { formatValue, rateUnit, scaleFor } from './units.ts';
import type { Scale } from './units.ts';
import { holdRange, roundRange } from './value-range.ts';
import type { HeldRange } from './value-range.ts';

export interface ChartSettings {
  readonly rate: boolean;
  /** Overrides the metric's own unit; '' takes that. */
  readonly unit: string;
  readonly windowMs: number;
  /** Labels that name a line; empty: whatever tells the lines apart. */
  readonly by: readonly string[];
  /** Fixed top of the axis; absent: follows the values. */
  readonly max: number | undefined;
}

export interface ChartLine {
  readonly signature: string;
  readonly name: string;
  /** Colour slot, 0 to 7. */
  readonly slot: number;
  /** Along {@link ChartView.times}; NaN where there is no sample. */
  readonly values: Float64Array;
  readonly latest: number | undefined;
}

export interface ChartView {
  readonly from: number;
  readonly to: number;
  readonly times: Float64Array;
  readonly lines: readonly ChartLine[];
  /** Series beyond the eight that have a colour. */
  readonly hidden: number;
  readonly unit: string;
  readonly scale: Scale;
  readonly held: HeldRange;
  readonly anomalies: readonly Anomaly[];
  /** Newest sample; undefined when there is none in the window. */
  readonly newest: number | undefined;
  /** No sample for longer than three intervals, and than an agent's longest pause between two batches. */
  readonly stale: boolean;
  readonly slots: ReadonlyMap<string, number>;
}

/** Agents ship every 10 s while nobody watches their host. */
const longestPauseMs = 15_000;

/** The smallest top of an axis, by unit, so that idle noise stays low. */
const floors: Readonly<Record<string, number>> = { ratio: 0.1, bytes: 1024, 'bytes/s': 10_240 };

export function chartView(
  held: readonly HeldSeries[],
  anomalies: readonly Anomaly[],
  settings: ChartSettings,
  pixels: number,
  now: number,
  before: Pick<ChartView, 'held' | 'slots' | 'unit'> | undefined,
): ChartView {
  const newest = held.reduce((latest, { column }) => Math.max(latest, column.times.at(-1) ?? -Infinity), -Infinity);
  // The newest sample stands at the right edge; when samples stay away, time goes on without them.
  const to = Math.max(newest, now - longestPauseMs);
  const from = to - settings.windowMs;
  const inWindow = held.filter(({ column }) => (column.times.at(-1) ?? -Infinity) >= from);
  const shown = loudest(inWindow).map((series) => ({
    ...series,
    column: settings.rate ? ratePerSecond(series.column) : series.column,
  }));

  const unit = settings.unit || withRate(shown[0]?.unit ?? '', settings.rate);
  const aligned = alignColumns(
    shown.map(({ column }) => column),
    from,
  );
  const { times, values } = decimate(aligned, settings.windowMs, pixels);
  const { min, max } = extent(values);
  const scale = scaleFor(unit, Math.max(Math.abs(settings.max ?? max), Math.abs(min), floors[unit] ?? 0));
  const range = roundRange(min, settings.max ?? max, scale.divisor, settings.max ?? floors[unit] ?? 1);
  const slots = assignSlots(
    before?.slots ?? new Map(),
    shown.map(({ signature }) => signature),
  );
  const names = settings.by.length > 0 ? shown.map((series) => namedBy(series, settings.by)) : seriesNames(shown);

  return {
    from,
    to,
    times,
    lines: shown.map(({ signature, column }, i) => ({
      signature,
      name: names[i] ?? '',
      slot: slots.get(signature) ?? 0,
      values: values[i] ?? new Float64Array(),
      latest: column.times.at(-1) === newest ? column.values.at(-1) : lastRecent(column, to),
    })),
    hidden: inWindow.length - shown.length,
    unit,
    scale,
    // A range in another unit, as before the first series came, says nothing about this one.
    held: holdRange(before?.unit === unit ? before.held : undefined, range, now),
    anomalies: anomaliesOf(anomalies, shown, from, to),
    newest: newest >= from ? newest : undefined,
    stale: newest >= from && now - newest > Math.max(3 * aligned.intervalMs || 0, longestPauseMs),
    slots,
  };
}

function withRate(unit: string, rate: boolean): string {
  return rate ? rateUnit(unit) : unit;
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

function extent(values: readonly Float64Array[]): { min: number; max: number } {
  let min = Infinity;
  let max = -Infinity;
  for (const column of values) {
    for (const value of column) {
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return min <= max ? { min, max } : { min: 0, max: 0 };
}

/** One sentence for who cannot see the lines: what, newest values, anomalies. */
export function chartSummary(label: string, view: ChartView): string {
  if (view.lines.length === 0) return `${label}: no samples.`;
  const values = view.lines.map(({ name, latest }) => `${name} ${formatValue(latest, view.unit)}`).join(', ');
  const { length } = view.anomalies;
  const odd = length === 0 ? 'no anomaly' : length === 1 ? '1 anomaly' : `${length} anomalies`;
  return `${label}: ${values}; ${odd} in view.`;
}
