/** A chart as a file: what is drawn, with absolute times. */
import type { Locale } from '../i18n/locale.ts';
import { formatTime } from './age.ts';
import type { CanvasColours } from './canvas-colours.ts';
import type { ChartView } from './chart-view.ts';
import { axisFormat } from './units.ts';
import { rangeLines } from './value-range.ts';

/** RFC 4180: times in ISO 8601, one column per line, nothing where there is no sample. */
export function toCsv({ times, lines }: ChartView): string {
  const head = ['time', ...lines.map(({ name, earlier }) => (earlier ? `${name} (earlier)` : name))];
  const rows = Array.from(times, (time, i) => [
    new Date(time).toISOString(),
    ...lines.map(({ values }) => {
      const value = values[i] ?? NaN;
      return Number.isNaN(value) ? '' : String(value);
    }),
  ]);
  return [head, ...rows].map((row) => `${row.map(csvField).join(',')}\r\n`).join('');
}

function csvField(text: string): string {
  // A spreadsheet would run what begins like a formula; numbers may begin with a minus.
  const safe = /^[=+@\t\r]|^-(?![\d.])/u.test(text) ? `'${text}` : text;
  return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const svgSize = { width: 960, height: 360, left: 84, right: 20, top: 44, bottom: 60 } as const;

/** A drawing of its own, sharp at any size: title, axes, lines, anomalies, legend. */
export function toSvg(label: string, view: ChartView, colours: CanvasColours, locale: Locale): string {
  const { width, height, left, right, top, bottom } = svgSize;
  const { range } = view.held;
  const plotWidth = width - left - right;
  const plotHeight = height - top - bottom;
  const x = (time: number): string => (left + ((time - view.from) / (view.end - view.from)) * plotWidth).toFixed(1);
  const share = (value: number): number =>
    range.step === 0
      ? Math.log(value / range.min) / Math.log(range.max / range.min)
      : (value - range.min) / (range.max - range.min);
  const y = (value: number): string => (top + (1 - share(value)) * plotHeight).toFixed(1);
  const format = axisFormat(view.scale, range.step, locale);

  const grid = rangeLines(range).map(
    (value) =>
      `<path d="M${left} ${y(value)}H${width - right}" stroke="${colours.grid}"/><text x="${left - 10}" y="${y(value)}" dy=".35em" text-anchor="end">${xml(format(value))}</text>`,
  );
  const moments = Array.from({ length: 6 }, (_, i) => view.from + ((view.end - view.from) * i) / 5).map(
    (time) =>
      `<text x="${x(time)}" y="${height - bottom + 20}" text-anchor="middle">${xml(formatTime(time, 'day', locale))}</text>`,
  );
  const odd = view.anomalies.map(({ start, end = view.to }) => {
    const from = Math.max(start, view.from);
    const ends = Math.min(end, view.to);
    return `<path d="M${x(from)} ${top}H${x(ends)}V${height - bottom}H${x(from)}z" fill="${colours.anomaly}" fill-opacity=".13"/>`;
  });
  const lines = view.lines.map(
    ({ drawn, slot, earlier }) =>
      `<path d="${pathOf(view.times, drawn, x, y)}" fill="none" stroke="${colours.series[slot] ?? colours.text}" stroke-width="1.5"${earlier ? ' stroke-dasharray="4 4"' : ''}/>`,
  );
  const legend = view.lines
    .filter(({ earlier }) => !earlier)
    .map(
      ({ name, slot }, i) =>
        `<rect x="${left + i * 110}" y="${height - 24}" width="10" height="10" fill="${colours.series[slot] ?? colours.text}"/><text x="${left + i * 110 + 16}" y="${height - 15}">${xml(name)}</text>`,
    );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="${colours.text}">`,
    `<rect width="100%" height="100%" fill="${colours.surface}"/>`,
    `<text x="${left}" y="26" font-size="16" font-weight="600">${xml(label)}</text>`,
    ...odd,
    ...grid,
    ...moments,
    ...lines,
    ...legend,
    '</svg>',
  ].join('\n');
}

function pathOf(
  times: Float64Array,
  values: Float64Array,
  x: (time: number) => string,
  y: (value: number) => string,
): string {
  let path = '';
  let pen = 'M';
  for (let i = 0; i < times.length; i++) {
    const value = values[i] ?? NaN;
    if (!Number.isFinite(value)) {
      pen = 'M';
      continue;
    }
    path += `${pen}${x(times[i] ?? 0)} ${y(value)}`;
    pen = 'L';
  }
  return path;
}

function xml(text: string): string {
  return text.replaceAll(/[<>&"']/gu, (sign) => `&#${sign.codePointAt(0)};`);
}

/** The canvas with its background and title, as a PNG. */
export async function toPng(canvas: HTMLCanvasElement, label: string, colours: CanvasColours): Promise<Blob> {
  const head = 36 * devicePixelRatio;
  const copy = document.createElement('canvas');
  copy.width = canvas.width;
  copy.height = canvas.height + head;
  const context = copy.getContext('2d');
  if (context === null) throw new Error('expected a canvas to draw on');
  context.fillStyle = colours.surface;
  context.fillRect(0, 0, copy.width, copy.height);
  context.fillStyle = colours.text;
  context.font = `600 ${16 * devicePixelRatio}px system-ui, sans-serif`;
  context.fillText(label, 12 * devicePixelRatio, 24 * devicePixelRatio);
  context.drawImage(canvas, 0, head);
  return new Promise((resolve, reject) => {
    copy.toBlob((blob) => (blob === null ? reject(new Error('the canvas is too large for a PNG')) : resolve(blob)));
  });
}
