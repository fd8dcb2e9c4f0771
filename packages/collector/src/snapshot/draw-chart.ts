/** An incident's chart as a picture: its lines, the bound that they crossed, and when it began. */
import type { UnixMs } from '@tarsier/protocol';
import type { ChartMarker, IncidentChart } from '@tarsier/protocol/api';
import { scaleFor, type Scale } from '@tarsier/protocol/unit-scale';
import { dayMs, hourMs, minuteMs } from '../storage/hours.ts';
import { glyph } from './font.ts';
import type { Colour, Picture, Point, Shape } from './shapes.ts';

const size = { width: 900, height: 420 } as const;
const edges = { left: 96, right: 34, top: 78, bottom: 42 } as const;
const colours = {
  lines: ['#1b259c', '#d0721f', '#199aa9', '#670a3f', '#9962e8'],
  text: '#1a1f29',
  quiet: '#566072',
  grid: '#e2e5ea',
  axis: '#7d8696',
  bound: '#b3261e',
  start: '#1a1f29',
  end: '#17714a',
  event: '#136499',
} as const;
/** A line is interrupted where samples are farther apart than so many usual steps. */
const gapSteps = 2.5;
const timeSteps = [1, 2, 5, 10, 15, 30].map((minutes) => minutes * minuteMs);
const longTimeSteps = [1, 2, 3, 6, 12].map((hours) => hours * hourMs);

/** @param heading  the incident's title */
export function drawChart(heading: string, chart: IncidentChart): Picture {
  const plot = {
    left: edges.left,
    right: size.width - edges.right,
    top: edges.top,
    bottom: size.height - edges.bottom,
  };
  const { range, series, threshold, unit } = chart;
  const values = series.flatMap((one) => one.values).filter((value) => value !== null);
  const ticks = valueTicks([...values, ...(threshold === undefined ? [] : [threshold.value])], unit);
  const [low = 0, high = 1] = [ticks[0], ticks.at(-1)];
  const scale = scaleFor(unit, Math.max(Math.abs(low), Math.abs(high)));
  const write = (value: number): string => writeValue(value, scale, ticks);
  const xOf = (at: UnixMs): number =>
    plot.left + ((at - range.start) / Math.max(1, range.end - range.start)) * (plot.right - plot.left);
  const yOf = (value: number): number => plot.bottom - ((value - low) / (high - low)) * (plot.bottom - plot.top);
  const characters = Math.floor((size.width - 32) / glyph.width);
  const shapes: Shape[] = [
    { kind: 'box', x: 0, y: 0, ...size, fill: '#ffffff', opacity: 1 },
    text(16, 26, shorten(heading, characters), colours.text),
    ...legend(chart, characters),
  ];
  for (const tick of ticks) {
    const y = Math.round(yOf(tick)) + 0.5;
    shapes.push(
      line([plot.left, y], [plot.right, y], colours.grid, 1),
      text(plot.left - 8, y + 6, write(tick), colours.quiet, 'end'),
    );
  }
  for (const [at, label] of timeTicks(range)) {
    const x = Math.round(xOf(at)) + 0.5;
    shapes.push(
      line([x, plot.bottom], [x, plot.bottom + 5], colours.axis, 1),
      text(x, plot.bottom + 24, label, colours.quiet, 'middle'),
    );
  }
  shapes.push(
    text(16, plot.bottom + 24, 'UTC', colours.quiet),
    line([plot.left, plot.bottom + 0.5], [plot.right, plot.bottom + 0.5], colours.axis, 1),
  );
  if (threshold !== undefined) {
    const y = yOf(threshold.value);
    const isUpper = threshold.op.startsWith('>');
    const [top, bottom] = isUpper ? [plot.top, y] : [y, plot.bottom];
    const width = plot.right - plot.left;
    shapes.push(
      { kind: 'box', x: plot.left, y: top, width, height: bottom - top, fill: colours.bound, opacity: 0.07 },
      line([plot.left, y], [plot.right, y], colours.bound, 1.5, 6),
      text(plot.right - 6, isUpper ? y - 6 : y + 20, `${threshold.op} ${write(threshold.value)}`, colours.bound, 'end'),
    );
  }
  shapes.push(...chart.markers.flatMap((marker) => markerShapes(marker, xOf(marker.at), plot)));
  for (const [i, one] of series.entries()) {
    for (const points of runsOf(one, xOf, yOf)) {
      shapes.push({ kind: 'line', points, stroke: lineColour(i), width: 2 });
    }
  }
  return { ...size, alt: describe(heading, chart, write), shapes };
}

function legend({ title, series }: IncidentChart, characters: number): readonly Shape[] {
  if (series.length === 1) return [text(16, 52, shorten(title, characters), colours.quiet)];
  const shapes: Shape[] = [];
  const room = Math.floor(characters / series.length) - 4;
  let x = 16;
  for (const [i, { label }] of series.entries()) {
    const shown = shorten(label, room);
    shapes.push(line([x, 46], [x + 18, 46], lineColour(i), 3), text(x + 24, 52, shown, colours.quiet));
    x += 24 + (shown.length + 2) * glyph.width;
  }
  return shapes;
}

function markerShapes(
  { kind, label }: ChartMarker,
  x: number,
  plot: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number },
): readonly Shape[] {
  const colour = colours[kind];
  const onLeft = x > (plot.left + plot.right) / 2;
  // Each kind has a height of its own, so that they do not cover each other.
  const y = plot.top + { start: 16, end: 36, event: 56 }[kind];
  const room = Math.floor((onLeft ? x - plot.left : plot.right - x) / glyph.width) - 1;
  return [
    line([x, plot.top], [x, plot.bottom], colour, kind === 'start' ? 2 : 1.5, kind === 'start' ? undefined : 4),
    text(onLeft ? x - 6 : x + 6, y, shorten(label, Math.min(28, room)), colour, onLeft ? 'end' : 'start'),
  ];
}

/** Points that follow each other without a gap. */
function runsOf(
  { times, values }: IncidentChart['series'][number],
  xOf: (at: UnixMs) => number,
  yOf: (value: number) => number,
): readonly (readonly Point[])[] {
  const steps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  const usual = steps.toSorted((a, b) => a - b)[steps.length >> 1] ?? 0;
  const runs: Point[][] = [];
  let before: UnixMs | undefined;
  for (const [i, time] of times.entries()) {
    const value = values[i];
    if (value === null || value === undefined) {
      before = undefined;
      continue;
    }
    if (before === undefined || time - before > gapSteps * usual) runs.push([]);
    runs.at(-1)?.push([xOf(time), yOf(value)]);
    before = time;
  }
  // One sample alone is a short line, or nobody sees it.
  return runs.map((run) => (run.length === 1 && run[0] !== undefined ? [run[0], [run[0][0] + 2, run[0][1]]] : run));
}

/** Round values from below the lowest to above the highest. */
function valueTicks(values: readonly number[], unit: string): readonly number[] {
  let [low, high] = values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)];
  // Near enough to zero that it can be shown: bars of a house begin at the ground.
  if (low > 0 && low < 0.6 * high) low = 0;
  if (low === high) [low, high] = low === 0 ? [0, 1] : [Math.min(0, 2 * low), Math.max(0, 2 * low)];
  const { divisor } = scaleFor(unit, Math.max(Math.abs(low), Math.abs(high)));
  const rough = (high - low) / divisor / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((nice) => nice * power >= rough * 0.999) ?? 10) * power * divisor;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

function timeTicks({ start, end }: IncidentChart['range']): readonly (readonly [UnixMs, string])[] {
  const most = 7;
  const span = end - start;
  const step =
    [...timeSteps, ...longTimeSteps].find((one) => span / one <= most) ?? Math.ceil(span / most / dayMs) * dayMs;
  const ticks: [UnixMs, string][] = [];
  for (let at = Math.ceil(start / step) * step; at <= end; at += step) {
    const text = new Date(at).toISOString();
    ticks.push([at, step >= dayMs ? text.slice(5, 10) : text.slice(11, 16)]);
  }
  return ticks;
}

/** With as many digits as the steps between the ticks need. */
function writeValue(value: number, { divisor, suffix }: Scale, ticks: readonly number[]): string {
  const step = Math.abs((ticks[1] ?? 1) - (ticks[0] ?? 0)) / divisor;
  const digits = Math.max(0, Math.min(6, Math.ceil(-Math.log10(step) + 0.5)));
  return `${Number((value / divisor).toFixed(digits))}${suffix.replace('\u00a0', ' ')}`;
}

function describe(
  heading: string,
  { range, series, threshold, markers }: IncidentChart,
  write: (value: number) => string,
): string {
  const clock = (at: UnixMs): string => new Date(at).toISOString().slice(11, 16);
  const lines = series.map(({ label, values }) => {
    const last = values.findLast((value) => value !== null);
    return `${label} ${last === undefined || last === null ? 'without samples' : `at last ${write(last)}`}`;
  });
  const bound = threshold === undefined ? '' : `, bound ${threshold.op} ${write(threshold.value)}`;
  const start = markers.find(({ kind }) => kind === 'start');
  const began = start === undefined ? '' : `, began ${clock(start.at)}`;
  return `${heading}: ${lines.join(', ')}${bound}${began}, shown ${clock(range.start)} to ${clock(range.end)} UTC`;
}

function lineColour(index: number): Colour {
  return colours.lines[index % colours.lines.length] ?? colours.text;
}

function shorten(text: string, characters: number): string {
  const most = Math.max(1, characters);
  return text.length <= most ? text : `${text.slice(0, Math.max(0, most - 3))}...`;
}

function text(
  x: number,
  y: number,
  content: string,
  fill: Colour,
  anchor: 'start' | 'middle' | 'end' = 'start',
): Shape {
  return { kind: 'text', x, y, text: content, fill, anchor };
}

function line(from: Point, to: Point, stroke: Colour, width: number, dash?: number): Shape {
  return { kind: 'line', points: [from, to], stroke, width, ...(dash === undefined ? {} : { dash }) };
}
