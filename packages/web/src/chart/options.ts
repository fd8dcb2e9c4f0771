import type uPlot from 'uplot';
import { formatTime } from './age.ts';
import type { CanvasColours } from './canvas-colours.ts';
import type { ChartView } from './chart-view.ts';
import { axisFormat } from './units.ts';
import { rangeLines } from './value-range.ts';

export interface PlotSize {
  readonly width: number;
  readonly height: number;
}

/** Wide enough for `1,000 KiB/s`, and equal in all charts, so that their time axes stand below each other. */
const valueAxisPx = 72;
const timeAxisPx = 28;

/** Round distances of two times on the axis, ms. */
const timeSteps = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].map((seconds) => seconds * 1000);

/**
 * Lines wider than one device pixel cost three times as much to draw (16.6 ms against 56 ms for 3,600 x 10 points,
 * software raster), so only calm charts get them.
 *
 * @returns CSS pixels
 */
export function lineWidth(lines: number, points: number, devicePixelRatio: number): number {
  return lines <= 3 && points <= 600
    ? 1.5
    : lines * points <= 2_400 && devicePixelRatio < 1.5
      ? 1.25
      : 1 / devicePixelRatio;
}

/** uPlot options for a view's set of lines; ranges are set with each draw. */
export function plotOptions(
  current: () => ChartView,
  colours: CanvasColours,
  size: PlotSize,
  hooks: uPlot.Hooks.Arrays,
  devicePixelRatio: number,
): uPlot.Options {
  const { lines, times } = current();
  const width = lineWidth(lines.length, times.length, devicePixelRatio);
  const colour = (slot: number): string => colours.series[slot] ?? colours.text;
  return {
    ...size,
    ms: 1,
    legend: { show: false },
    cursor: { drag: { x: false, y: false, setScale: false }, y: false, points: { size: 7, width: 0 } },
    scales: {
      x: { time: true, auto: false, range: (_, min, max) => [min, max] },
      y: { auto: false, range: (_, min, max) => [min, max] },
    },
    padding: [10, 12, 0, 0],
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
        values: (_, splits, _axis, _space, increment) =>
          splits.map((time) => formatTime(time, increment >= 60_000 ? 'minutes' : 'seconds')),
      },
      {
        size: valueAxisPx,
        gap: 8,
        stroke: colours.text,
        font: colours.font,
        grid: { stroke: colours.grid, width: 1 },
        ticks: { show: false },
        splits: () => rangeLines(current().held.range),
        values: (_, splits) => splits.map(axisFormat(current().scale, current().held.range.step)),
      },
    ],
    series: [
      {},
      ...lines.map(({ slot, name }) => ({
        label: name,
        stroke: colour(slot),
        width,
        points: { show: false },
      })),
    ],
    hooks,
  };
}
