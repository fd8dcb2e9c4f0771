/** The page that `pnpm bench web` opens: charts that get a second of samples each second, ours or uPlot alone. */
import type uPlotType from 'uplot';
// As others use it: ours is made slim.
import uPlot from 'uplot/dist/uPlot.esm.js?whole';
import type { HeldSeries } from '../data/source.ts';
import { define, elements } from '../define.ts';
import { startLive, type LiveBench } from './bench-live.ts';

interface Bench {
  /** Charts on the page, each with so many series of so many points. */
  start(kind: 'tarsier' | 'uplot', charts: number, series: number, points: number): Promise<void>;
  /** One second passes in all of them; resolves when the frame is drawn. */
  tick(): Promise<void>;
  /** Charts with a legend, fed through the live client. */
  startLive(charts: number, series: number): Promise<void>;
  /** So many seconds, as fast as they go: the connection breaks each five minutes, the range changes each ten. */
  live(seconds: number): Promise<void>;
}

interface Chart {
  readonly element: HTMLElement;
  draw(): void;
}

const size = { width: 300, height: 150 };
/** Seconds of samples beyond a chart's window: as long as nothing is measured of making them. */
const ahead = 4_000;
let charts: readonly Chart[] = [];
let passed = 0;

interface Track {
  readonly times: Float64Array;
  readonly values: Float64Array;
}

const tracks = new Map<string, Track>();

/** A line's samples, and those that are still to come. */
function track(points: number, line: number): Track {
  const key = `${points} ${line}`;
  let made = tracks.get(key);
  if (made === undefined) {
    const [times, values] = [new Float64Array(points + ahead), new Float64Array(points + ahead)];
    for (let i = 0; i < times.length; i++) {
      times[i] = 1_700_000_000_000 + i * 1000;
      values[i] = 0.5 + 0.4 * Math.sin(i / 20 + line);
    }
    tracks.set(key, (made = { times, values }));
  }
  return made;
}

const times = (points: number): Float64Array => track(points, 0).times.subarray(passed, passed + points);
const values = (points: number, line: number): Float64Array =>
  track(points, line).values.subarray(passed, passed + points);

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
  const options: uPlotType.Options = {
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

let live: LiveBench | undefined;
let lived = 0;
const cutEveryS = 300;
const rangeEveryS = 600;

const bench: Bench = {
  async startLive(count, series) {
    live = startLive(count, series);
    document.querySelector('main')?.replaceChildren(live.provider);
    await frame();
  },
  async live(seconds) {
    for (let second = 0; second < seconds; second++) {
      lived++;
      if (lived % cutEveryS === 0) await live?.cut();
      if (lived % rangeEveryS === 0 && live !== undefined)
        live.provider.range = live.provider.range === '5m' ? '15m' : '5m';
      live?.tick();
      await frame();
    }
  },
  async start(kind, count, series, points) {
    define(elements);
    for (const { element } of charts) element.remove();
    charts = Array.from({ length: count }, () => (kind === 'tarsier' ? ours(series, points) : bare(series, points)));
    const grid = document.querySelector('main');
    grid?.replaceChildren(...charts.map(({ element }) => element));
    for (const chart of charts) chart.draw();
    // Making a chart costs more than moving it: that is over before anything is measured.
    const drawn = ({ element }: Chart): boolean => (element.shadowRoot ?? element).querySelector('canvas') !== null;
    while (!charts.every(drawn)) await frame();
    for (let settling = 0; settling < 60; settling++) await frame();
  },
  async tick() {
    passed++;
    for (const chart of charts) chart.draw();
    await frame();
  },
};

Object.assign(globalThis, { bench });
