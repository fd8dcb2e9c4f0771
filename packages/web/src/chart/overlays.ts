/** What is drawn on the canvas around the lines: anomalies, markers, forecast, thresholds. */
import { seriesSignature } from '@tarsier/protocol/labels';
import type uPlot from 'uplot';
import { signatureOf } from './anomaly-bands.ts';
import type { CanvasColours } from './canvas-colours.ts';
import type { ChartView } from './chart-view.ts';
import { withAlpha } from './options.ts';

const bandOpacity = 0.13;
/** Of what was usual meanwhile, upon that. */
const usualOpacity = 0.22;
/** Of the widest band of a forecast; narrower ones lie upon it and add up. */
const fanOpacity = 0.1;

/** Below the lines. */
export function drawBehind(plot: uPlot, view: ChartView, colours: CanvasColours): void {
  // Saving, clipping and restoring is a good part of what a chart costs.
  if (view.anomalies.length === 0 && view.forecasts.length === 0 && view.settings.kind !== 'band') return;
  clipped(plot, () => {
    drawAnomalies(plot, view, colours.anomaly);
    drawSpread(plot, view, colours);
    drawForecasts(plot, view, colours);
  });
}

/** Above the lines. */
export function drawOver(plot: uPlot, view: ChartView, colours: CanvasColours): void {
  if (view.thresholds.length > 0) drawThresholds(plot, view, colours);
  if (view.markers.length > 0) drawMarkers(plot, view, colours);
}

function clipped({ ctx, bbox }: uPlot, draw: () => void): void {
  const edge = 5 * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top - edge, bbox.width, bbox.height + edge);
  ctx.clip();
  draw();
  ctx.restore();
}

/**
 * Anomalous stretches: a light band, a solid edge above it that needs no colour sight, and between which values the
 * series would have been as usual.
 */
function drawAnomalies({ ctx, bbox, valToPos }: uPlot, view: ChartView, colour: string): void {
  const { anomalies, from, to } = view;
  const drawn = new Set(view.settings.stacked ? [] : view.lines.map(({ signature }) => signature));
  ctx.fillStyle = colour;
  for (const anomaly of anomalies) {
    const { start, end = to, low, high } = anomaly;
    const left = valToPos(Math.max(start, from), 'x', true);
    const width = Math.max(2 * devicePixelRatio, valToPos(Math.min(end, to), 'x', true) - left);
    ctx.globalAlpha = bandOpacity;
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillRect(left, bbox.top - 4 * devicePixelRatio, width, 3 * devicePixelRatio);
    if (low === undefined || high === undefined || !drawn.has(signatureOf(anomaly))) continue;
    const top = valToPos(high, 'y', true);
    ctx.globalAlpha = usualOpacity;
    ctx.fillRect(left, top, width, Math.max(devicePixelRatio, valToPos(low, 'y', true) - top));
    ctx.globalAlpha = 1;
  }
}

/** Between the lowest and the highest line, where that is asked for. */
function drawSpread(plot: uPlot, { lines, times, settings }: ChartView, colours: CanvasColours): void {
  const own = lines.filter(({ earlier }) => !earlier);
  const [first] = own;
  if (settings.kind !== 'band' || first === undefined || own.length < 2) return;
  const low: number[] = [];
  const high: number[] = [];
  for (let i = 0; i < times.length; i++) {
    const here = own.map(({ drawn }) => drawn[i] ?? NaN).filter((value) => !Number.isNaN(value));
    low.push(here.length === 0 ? NaN : Math.min(...here));
    high.push(here.length === 0 ? NaN : Math.max(...here));
  }
  plot.ctx.fillStyle = withAlpha(colours.series[first.slot] ?? colours.text, 0.2);
  fillBetween(plot, times, low, high);
}

function drawForecasts(plot: uPlot, { forecasts, lines }: ChartView, colours: CanvasColours): void {
  const { ctx, valToPos } = plot;
  for (const [order, { series }] of forecasts.entries()) {
    for (const { metric, times, low, high, median } of series) {
      const { __name__: name = '', ...labels } = metric;
      const signature = seriesSignature({ name, labels });
      const colour = colours.series[lines.find((line) => line.signature === signature)?.slot ?? 0] ?? colours.text;
      ctx.fillStyle = withAlpha(colour, fanOpacity);
      fillBetween(plot, times, low, high);
      if (order < forecasts.length - 1) continue;
      ctx.strokeStyle = colour;
      ctx.lineWidth = Math.max(1, colours.lineWidth) * devicePixelRatio;
      ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
      ctx.beginPath();
      for (const [j, time] of times.entries())
        ctx.lineTo(valToPos(time, 'x', true), valToPos(median[j] ?? 0, 'y', true));
      ctx.stroke();
      ctx.setLineDash([]);
    }
  }
}

/** Fills the stretches in which both edges are known. */
function fillBetween(
  { ctx, valToPos }: uPlot,
  times: ArrayLike<number>,
  low: ArrayLike<number>,
  high: ArrayLike<number>,
): void {
  let start = 0;
  const flush = (end: number): void => {
    if (end - start < 2) return;
    ctx.beginPath();
    for (let i = start; i < end; i++) ctx.lineTo(valToPos(times[i] ?? 0, 'x', true), valToPos(high[i] ?? 0, 'y', true));
    for (let i = end - 1; i >= start; i--)
      ctx.lineTo(valToPos(times[i] ?? 0, 'x', true), valToPos(low[i] ?? 0, 'y', true));
    ctx.fill();
  };
  for (let i = 0; i <= times.length; i++) {
    if (i < times.length && !Number.isNaN(low[i] ?? NaN) && !Number.isNaN(high[i] ?? NaN)) continue;
    flush(i);
    start = i + 1;
  }
}

function drawThresholds({ ctx, bbox, valToPos }: uPlot, { thresholds }: ChartView, colours: CanvasColours): void {
  ctx.save();
  ctx.lineWidth = Math.max(1, colours.lineWidth) * devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.textAlign = 'right';
  ctx.textBaseline = 'bottom';
  for (const { value, label = '', severity = 'warning' } of thresholds) {
    const y = valToPos(value, 'y', true);
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.strokeStyle = colours[severity];
    ctx.fillStyle = colours[severity];
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.font = scaledFont(colours.font);
    ctx.fillText(label, bbox.left + bbox.width - 4 * devicePixelRatio, y - 2 * devicePixelRatio);
  }
  ctx.restore();
}

/** Alerts are triangles, events diamonds, both with a thin line through the plot. */
function drawMarkers({ ctx, bbox, valToPos }: uPlot, { markers }: ChartView, colours: CanvasColours): void {
  const size = 4 * devicePixelRatio;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  for (const { kind, time } of markers) {
    const x = valToPos(time, 'x', true);
    const colour = kind === 'alert' ? colours.critical : colours.accent;
    ctx.strokeStyle = colour;
    ctx.fillStyle = colour;
    ctx.globalAlpha = 0.5;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.beginPath();
    const y = bbox.top - size;
    if (kind === 'alert') {
      ctx.moveTo(x - size, y - size);
      ctx.lineTo(x + size, y - size);
      ctx.lineTo(x, y + size);
    } else {
      ctx.moveTo(x, y - size);
      ctx.lineTo(x + size, y);
      ctx.lineTo(x, y + size);
      ctx.lineTo(x - size, y);
    }
    ctx.fill();
  }
  ctx.restore();
}

/** A canvas has device pixels. */
function scaledFont(font: string): string {
  return font.replace(/^(\d+)px/u, (_, size: string) => `${Number(size) * devicePixelRatio}px`);
}
