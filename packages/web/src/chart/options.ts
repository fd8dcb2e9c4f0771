import uPlot from 'uplot';
import type { Locale } from '../i18n/locale.ts';
import { formatTime } from './age.ts';
import type { CanvasColours } from './canvas-colours.ts';
import type { ChartView } from './chart-view.ts';
import { drawLine } from './draw-line.ts';
import { axisFormat } from './units.ts';
import { rangeLines } from './value-range.ts';

export interface PlotSize {
  readonly width: number;
  readonly height: number;
}

/** Wide enough for `1,000 KiB/s`, and equal in all charts, so that their time axes stand below each other. */
const valueAxisPx = 72;
const timeAxisPx = 28;
/** Below this width the values are in the legend alone. */
const narrowPx = 260;
/** A page of so many charts, and so many points in all of them, is calm. */
const fewCharts = 12;
const fewPoints = 12_000;
const fillOpacity = 0.15;
const stackOpacity = 0.35;
const barOpacity = 0.6;

const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;

/** Round distances of two times on the axis, ms. */
const timeSteps = [
  ...[1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800].map((seconds) => seconds * second),
  ...[1, 2, 3, 6, 12].map((hours) => hours * hour),
  ...[1, 2, 5, 10, 30, 90].map((days) => days * day),
];

/**
 * Lines wider than one device pixel cost three times as much to draw (16.6 ms against 56 ms for 3,600 x 10 points,
 * software raster), so only calm pages get them.
 *
 * @param charts  how many are drawn on the page
 * @returns CSS pixels
 */
export function lineWidth(lines: number, points: number, devicePixelRatio: number, charts: number): number {
  const calm = charts <= fewCharts && lines * points * charts <= fewPoints;
  return calm ? 1.5 : 1 / devicePixelRatio;
}

export interface PlotLook {
  readonly colours: CanvasColours;
  readonly locale: Locale;
  readonly devicePixelRatio: number;
}

/** uPlot options for a view's set of lines; ranges are set with each draw. */
export function plotOptions(
  current: () => ChartView,
  { colours, locale, devicePixelRatio, panning }: PlotLook & { readonly panning: () => boolean },
  size: PlotSize,
  hooks: uPlot.Hooks.Arrays,
): uPlot.Options {
  const { settings } = current();
  const narrow = size.width < narrowPx;
  return {
    ...size,
    ms: 1,
    legend: { show: false },
    cursor: {
      drag: { x: true, y: false, setScale: false, dist: 6 },
      y: false,
      points: { size: 7, width: 0 },
      // A press with Shift pans, one with another button is the browser's.
      bind: {
        mousedown: (_, __, handler) => (event) => (event.shiftKey || event.button !== 0 ? null : handler(event)),
        // While the curve is in somebody's hand there is no cursor to move; Shift may come and go meanwhile.
        mousemove: (_, __, handler) => (event) => (panning() ? null : handler(event)),
      },
    },
    ...(locale.timeZone === undefined ? {} : { tzDate: zonedDate(locale.timeZone) }),
    scales: {
      x: { time: true, auto: false, range: (_, min, max) => [min, max] },
      y: {
        auto: false,
        ...logarithmic(settings.log),
        range: (_, min, max) => [min, max],
      },
    },
    padding: [14, 12, 0, narrow ? 8 : 0],
    axes: [
      {
        size: timeAxisPx,
        gap: 6,
        stroke: colours.text,
        font: colours.font,
        space: 72,
        incrs: [...timeSteps],
        grid: { show: false },
        ticks: { show: true, stroke: colours.grid, width: 1, size: 4 },
        values: whole(
          whereMoved((splits, increment) =>
            splits.map((time) => formatTime(time, shapeOf(increment, splits.length), locale)),
          ),
          colours.font,
        ),
      },
      {
        show: !narrow,
        size: valueAxisPx,
        gap: 8,
        stroke: colours.text,
        font: colours.font,
        grid: { stroke: colours.grid, width: 1 },
        ticks: { show: false },
        // Where its lines are, `splits` says.
        incrs: [Number.MAX_VALUE],
        splits: () => rangeLines(current().held.range),
        values: whereMoved(
          (splits) => {
            const { scale, held } = current();
            return splits.map(axisFormat(scale, held.range.step, locale));
          },
          () => current().scale.suffix,
        ),
      },
    ],
    series: [{}, ...seriesOptions(current(), colours, devicePixelRatio)],
    bands: bandsOf(current(), colours),
    hooks,
  };
}

/**
 * What stands at an axis: written anew where other places are to be named, which is seldom.
 *
 * @param scale  what it depends on besides
 */
function whereMoved(
  write: (splits: readonly number[], increment: number) => string[],
  scale = (): string => '',
): uPlot.Axis.DynamicValues {
  let before: { readonly places: string; readonly written: string[] } | undefined;
  return (_, splits, _axis, _space, increment) => {
    const places = `${scale()} ${increment} ${splits.join(' ')}`;
    if (before?.places !== places) before = { places, written: write(splits, increment) };
    return before.written;
  };
}

/** Without the first or last name where the edge of the canvas would cut it off. */
function whole(names: uPlot.Axis.DynamicValues, font: string): uPlot.Axis.DynamicValues {
  let measured: ReturnType<typeof names> = [];
  let halves: readonly number[] = [];
  return (plot, splits, ...rest) => {
    const written = names(plot, splits, ...rest);
    if (written !== measured) {
      const { ctx } = plot;
      ctx.save();
      ctx.font = font;
      halves = written.map((name) => ctx.measureText(String(name ?? '')).width / 2);
      ctx.restore();
      measured = written;
    }
    const left = plot.bbox.left / devicePixelRatio;
    const fits = (i: number): boolean => {
      const at = left + plot.valToPos(splits[i] ?? 0, 'x');
      const half = halves[i] ?? 0;
      return at - half >= 0 && at + half <= plot.width;
    };
    const last = written.length - 1;
    if (last < 0 || (fits(0) && fits(last))) return written;
    return written.map((name, i) => ((i === 0 || i === last) && !fits(i) ? '' : name));
  };
}

/** uPlot's word for it is 3, declared as a const enum, which no other file can import. */
function logarithmic(log: boolean): object {
  return log ? { distr: 3 } : {};
}

function shapeOf(increment: number, count: number): 'date' | 'day' | 'minutes' | 'seconds' {
  if (increment >= day) return 'date';
  if (increment >= hour && increment * count > day) return 'day';
  return increment >= 60_000 ? 'minutes' : 'seconds';
}

function zonedDate(timeZone: string): (time: number) => Date {
  return (time) => uPlot.tzDate(new Date(time), timeZone);
}

function seriesOptions(
  { lines, times, settings }: ChartView,
  colours: CanvasColours,
  devicePixelRatio: number,
): readonly uPlot.Series[] {
  const { kind } = settings;
  const width = Math.max(colours.lineWidth, lineWidth(lines.length, times.length, devicePixelRatio, 1));
  const paths =
    kind === 'bars'
      ? uPlot.paths.bars?.({ size: [0.8, 24] })
      : kind === 'steps'
        ? uPlot.paths.stepped?.({ align: 1 })
        : undefined;
  return lines.map(({ slot, name, earlier }, i): uPlot.Series => {
    const stroke = colours.series[slot] ?? colours.text;
    const opacity =
      kind === 'bars' ? barOpacity : settings.stacked && i === 0 ? stackOpacity : kind === 'area' ? fillOpacity : 0;
    const filled = !earlier && opacity > 0 && !(settings.stacked && i > 0);
    const plain = kind !== 'area' && !earlier && !settings.stacked && !settings.log;
    const drawn =
      paths ??
      (plain
        ? (plot: uPlot, index: number, from: number, to: number) => drawLine(plot, index, from, to, stroke)
        : undefined);
    return {
      label: name,
      stroke,
      width: earlier ? Math.max(1, colours.lineWidth) : width,
      points: { show: false },
      ...(earlier ? { dash: [4, 4] } : {}),
      ...(filled ? { fill: withAlpha(stroke, opacity) } : {}),
      ...(drawn === undefined || earlier ? {} : { paths: drawn }),
    };
  });
}

/** A stack is filled between its lines; the lowest down to the axis. */
function bandsOf({ lines, settings }: ChartView, colours: CanvasColours): uPlot.Band[] {
  if (!settings.stacked) return [];
  const own = lines.filter(({ earlier }) => !earlier);
  return own.slice(1).map(({ slot }, i) => ({
    series: [i + 2, i + 1],
    fill: withAlpha(colours.series[slot] ?? colours.text, stackOpacity),
  }));
}

/** @param colour  computed, `rgb(1, 2, 3)` */
export function withAlpha(colour: string, alpha: number): string {
  return colour.startsWith('rgb(') ? `rgba(${colour.slice(4, -1)}, ${alpha})` : colour;
}
