/** The page that `pnpm bench web` opens: charts that get a second of samples each second, ours or uPlot alone. */
import uPlot from 'uplot';
import type { HeldSeries } from '../data/source.ts';
import { define, elements } from '../define.ts';

interface Bench {
  /** Charts on the page, each with so many series of so many points. */
  start(kind: 'tarsier' | 'uplot', charts: number, series: number, points: number): Promise<void>;
  /** One second passes in all of them; resolves when the frame is drawn. */
  tick(): Promise<void>;
}

interface Chart {
  readonly element: HTMLElement;
  draw(now: number): void;
}

const size = { width: 300, height: 150 };
let charts: readonly Chart[] = [];
let now = 1_700_000_000_000;

function values(points: number, phase: number): Float64Array {
  return Float64Array.from({ length: points }, (_, i) => 0.5 + 0.4 * Math.sin((i + now / 1000) / 20 + phase));
}

function times(points: number): Float64Array {
  return Float64Array.from({ length: points }, (_, i) => now - (points - 1 - i) * 1000);
}

function ours(series: number, points: number): Chart {
  const element = document.createElement('tarsier-chart');
  element.range = `${points}s`;
  element.noLegend = true;
  return {
    element,
    draw() {
      const column = times(points);
      element.data = Array.from({ length: series }, (_, i): HeldSeries => {
        const labels = { line: String(i) };
        return {
          name: 'x',
          labels,
          kind: 'gauge',
          unit: 'ratio',
          signature: `x{line="${i}"}`,
          column: { times: column, values: values(points, i) },
        };
      });
    },
  };
}

function bare(series: number, points: number): Chart {
  const element = document.createElement('div');
  const lines = Array.from({ length: series }, () => ({
    stroke: '#1b259c',
    width: 1 / devicePixelRatio,
    points: { show: false },
  }));
  const options: uPlot.Options = {
    ...size,
    ms: 1,
    legend: { show: false },
    scales: { y: { range: [0, 1] } },
    series: [{}, ...lines],
  };
  const plot = new uPlot(options, [times(points), ...lines.map((_, i) => values(points, i))], element);
  return { element, draw: () => plot.setData([times(points), ...lines.map((_, i) => values(points, i))]) };
}

const frame = (): Promise<void> => new Promise((resolve) => requestAnimationFrame(() => resolve()));

const bench: Bench = {
  async start(kind, count, series, points) {
    define(elements);
    for (const { element } of charts) element.remove();
    charts = Array.from({ length: count }, () => (kind === 'tarsier' ? ours(series, points) : bare(series, points)));
    const grid = document.querySelector('main');
    grid?.replaceChildren(...charts.map(({ element }) => element));
    for (const chart of charts) chart.draw(now);
    // Making a chart costs more than moving it: that is over before anything is measured.
    const drawn = ({ element }: Chart): boolean => (element.shadowRoot ?? element).querySelector('canvas') !== null;
    while (!charts.every(drawn)) await frame();
    await frame();
  },
  async tick() {
    now += 1000;
    for (const chart of charts) chart.draw(now);
    await frame();
  },
};

Object.assign(globalThis, { bench });
