import uPlot from 'uplot';
import { afterEach, expect, test } from 'vitest';
import { drawLine } from './draw-line.ts';

const size = { width: 300, height: 150 };
/** Not so many that uPlot thins them out as well. */
const points = 800;
const times = Float64Array.from({ length: points }, (_, i) => i);

type Values = uPlot.AlignedData[1];

afterEach(() => document.body.replaceChildren());

/** What uPlot draws by itself, and what is drawn in its place. */
function pictures(values: Values, scales: uPlot.Scales, width: number): readonly Uint8ClampedArray[] {
  const paths = [
    undefined,
    (plot: uPlot, index: number, from: number, to: number) => drawLine(plot, index, from, to, '#1b259c'),
  ];
  return paths.map((path) => {
    const series = {
      stroke: '#1b259c',
      width,
      points: { show: false },
      ...(path === undefined ? {} : { paths: path }),
    };
    const plot = new uPlot(
      { ...size, ms: 1, legend: { show: false }, scales, series: [{}, series] },
      [times, values],
      document.body,
    );
    plot.batch(() => undefined);
    const { data } = plot.ctx.getImageData(0, 0, plot.ctx.canvas.width, plot.ctx.canvas.height);
    plot.destroy();
    return data;
  });
}

/** A line that jumps as it likes, from a seed. */
function noise(seed: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: points }, () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647);
}

const wave = Float64Array.from(times, (i) => 0.5 + 0.4 * Math.sin(i / 20));
const wide = { x: { range: [0, points] as uPlot.Range.MinMax }, y: { range: [0, 1] as uPlot.Range.MinMax } };

test.each<readonly [string, Values, uPlot.Scales]>([
  ['a wave', wave, wide],
  ['noise', noise(7), wide],
  ['what stands still', new Float64Array(points).fill(0.25), wide],
  ['few points', noise(9).fill(0.5, 40), { ...wide, x: { range: [0, 40] } }],
  ['a line with gaps', Array.from(wave, (value, i) => (i % 300 < 50 ? null : value)), wide],
  ['one that is bridged', Array.from(wave, (value, i) => (i % 3 === 0 ? value : undefined)), wide],
  ['what reaches over the edges', wave, { x: { range: [200, 600] }, y: { range: [0.3, 0.6] } }],
])('%s is the picture that uPlot draws of it', (_, values, scales) => {
  for (const width of [1, 1.5, 2]) {
    const [whole = new Uint8ClampedArray(), ours = new Uint8ClampedArray()] = pictures(values, scales, width);
    const drawn = whole.filter((channel) => channel > 0).length;
    // Where a line goes over the same pixel twice, and where it breaks, half covered pixels are a shade apart.
    const differs = whole.filter((channel, i) => Math.abs(channel - (ours[i] ?? 0)) > 80).length;
    expect(drawn).toBeGreaterThan(1000);
    expect(differs / drawn, `${width} px wide`).toBeLessThan(0.005);
  }
});
