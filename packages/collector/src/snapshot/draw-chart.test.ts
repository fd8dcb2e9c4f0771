import { inflateSync } from 'node:zlib';
import type { IncidentChart } from '@tarsier/protocol/api';
import { expect, test } from 'vitest';
import { drawChart } from './draw-chart.ts';
import { toPng } from './png.ts';
import type { Shape } from './shapes.ts';
import { toSvg } from './svg.ts';

const start = Date.UTC(2026, 10, 24, 12);
const step = 60_000;

function chartOf(values: readonly (number | null)[], change: Partial<IncidentChart> = {}): IncidentChart {
  return {
    title: 'disk_used_ratio{host="db-1"}',
    query: 'disk_used_ratio{host="db-1"}',
    unit: 'ratio',
    range: { start, end: start + 30 * step },
    series: [{ label: 'db-1', times: values.map((_, i) => start + i * step), values }],
    threshold: { op: '>', value: 0.9 },
    markers: [{ at: start + 20 * step, kind: 'start', label: 'start' }],
    ...change,
  };
}

const rising = Array.from({ length: 31 }, (_, i) => 0.7 + i / 100);
const linesOf = (shapes: readonly Shape[]) =>
  shapes.filter((shape) => shape.kind === 'line').filter(({ stroke }) => stroke === '#1b259c');
const textsOf = (shapes: readonly Shape[]): readonly string[] =>
  shapes.flatMap((shape) => (shape.kind === 'text' ? [shape.text] : []));

test('a chart shows its lines, the bound with its region, the start, and times and values in their units', () => {
  const { shapes, alt, width, height } = drawChart('Disk filling on db-1', chartOf(rising));
  expect(textsOf(shapes)).toEqual(
    expect.arrayContaining(['Disk filling on db-1', 'start', '> 90 %', '12:10', '12:30', 'UTC', '70 %', '100 %']),
  );
  const [line] = linesOf(shapes);
  expect(line?.points).toHaveLength(31);
  for (const [x, y] of line?.points ?? []) {
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x).toBeLessThanOrEqual(width);
    expect(y).toBeGreaterThanOrEqual(0);
    expect(y).toBeLessThanOrEqual(height);
  }
  // Later is to the right, and more is higher.
  expect(line?.points.at(-1)?.[0]).toBeGreaterThan(line?.points[0]?.[0] ?? 0);
  expect(line?.points.at(-1)?.[1]).toBeLessThan(line?.points[0]?.[1] ?? 0);
  expect(alt).toBe('Disk filling on db-1: db-1 at last 100 %, bound > 90 %, began 12:20, shown 12:00 to 12:30 UTC');
});

test('a gap interrupts the line, and so does a value that is none', () => {
  const times = [0, 1, 2, 20, 21].map((minute) => start + minute * step);
  const gap = chartOf([], { series: [{ label: 'a', times, values: [1, 1, 1, 1, 1] }] });
  expect(linesOf(drawChart('x', gap).shapes).map(({ points }) => points.length)).toEqual([3, 2]);
  expect(linesOf(drawChart('x', chartOf([1, 1, null, 1, 1])).shapes)).toHaveLength(2);
});

test.each([
  ['one value', [5]],
  ['no value at all', [null]],
  ['only zeros', [0, 0, 0]],
  ['negative values', [-5, -3]],
  ['huge and tiny', [1e300, 1e-300]],
  ['values that are nearly equal', [1_000_000, 1_000_000.001]],
])('%s can be drawn', (_, values) => {
  const { threshold: _none, ...chart } = chartOf(values, { unit: 'bytes' });
  const picture = drawChart('x', chart);
  const svg = toSvg(picture);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/u);
  expect(textsOf(picture.shapes).length).toBeLessThan(30);
});

test('what a label says is no markup, and too much of it is cut', () => {
  const hostile = '<script>alert("1")</script>&\u0000'.repeat(20);
  const svg = toSvg(drawChart(hostile, chartOf(rising, { title: hostile })));
  expect(svg).not.toContain('<script');
  expect(svg).not.toContain('\u0000');
  expect(svg).toContain('&lt;script&gt;');
});

test.each([NaN, Infinity, -Infinity])('a line to %d leaves the picture as it is', (nowhere) => {
  const blank = { width: 20, height: 20, alt: '', shapes: [] };
  const line = (y: number) =>
    toPng({
      ...blank,
      shapes: [
        {
          kind: 'line',
          points: [
            [2, 2],
            [18, y],
          ],
          stroke: '#1b259c',
          width: 2,
        },
      ],
    });
  expect(line(nowhere).equals(toPng(blank))).toBe(true);
  expect(line(18).equals(toPng(blank))).toBe(false);
});

test('as PNG it is a file that can be read back, with the line in its colour and the rest white', () => {
  const picture = drawChart('Disk filling on db-1', chartOf(rising));
  const file = toPng(picture);
  expect(file.subarray(1, 4).toString()).toBe('PNG');
  expect(file.length).toBeLessThan(40_000);
  expect([file.readUInt32BE(16), file.readUInt32BE(20)]).toEqual([picture.width, picture.height]);
  const at = file.indexOf('IDAT');
  const rows = inflateSync(file.subarray(at + 4, at + 4 + file.readUInt32BE(at - 4)));
  const pixel = (x: number, y: number): readonly number[] => [
    ...rows.subarray(y * (picture.width * 3 + 1) + 1 + x * 3).subarray(0, 3),
  ];
  expect(pixel(picture.width - 2, picture.height - 2)).toEqual([255, 255, 255]);
  const [x = 0, y = 0] = linesOf(picture.shapes)[0]?.points[5] ?? [];
  // Its edges are mixed with what is below.
  const [red = 255, , blue = 255] = pixel(Math.floor(x), Math.floor(y));
  expect(red).toBeLessThan(100);
  expect(blue).toBeGreaterThan(red + 60);
});
