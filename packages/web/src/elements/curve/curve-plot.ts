import { html, nothing, svg } from 'lit';
import type { TemplateResult } from 'lit';
import { axisFormat, formatFigure, scaleFor } from '../../chart/units.ts';
import type { Scale } from '../../chart/units.ts';
import type { Locale } from '../../i18n/locale.ts';

export interface Curve {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Which of the eight colours of series, from 1. */
  readonly colour: number;
  readonly dashed?: boolean;
}

/** What lies between a lower and an upper line. */
export interface Band {
  readonly x: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly colour: number;
}

export interface CurvePlotOptions {
  /** What it shows, for who does not see it. */
  readonly label: string;
  readonly curves: readonly Curve[];
  readonly band?: Band;
  readonly xLabel: string;
  readonly logarithmic?: boolean;
  /** Where something happened, and what. */
  readonly marks?: readonly { readonly x: number; readonly name: string }[];
  /** Of the values; counts unless given. */
  readonly unit?: string;
  /** Of the steps. */
  readonly unitX?: string;
  readonly locale: Locale;
  readonly table: string;
}

export const box = { width: 640, height: 200, left: 56, right: 12, top: 10, bottom: 26 } as const;
const mostRows = 200;

export interface Scales {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly ticksX: readonly Tick[];
  readonly ticksY: readonly Tick[];
}

interface Tick {
  readonly value: number;
  readonly label: string;
}

/** Round numbers that divide a stretch into about `wanted` parts. @param least  of their distances */
export function ticksOf(from: number, to: number, wanted: number, least = 0): readonly number[] {
  if (!(to > from)) return [from];
  const rough = Math.max(least, (to - from) / wanted);
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * magnitude >= rough) ?? 10) * magnitude;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** Marks at round numbers of the unit in which the largest reads best: of bytes at whole MiB, not at 19.1. */
function axisTicks(from: number, to: number, wanted: number, unit: string, locale: Locale, least = 0): readonly Tick[] {
  const scale: Scale = scaleFor(unit, Math.max(Math.abs(from), Math.abs(to)));
  const { divisor } = scale;
  const values = ticksOf(from / divisor, to / divisor, wanted, least / divisor).map((tick) => tick * divisor);
  const [first = 0, second = first] = values;
  const write = axisFormat(scale, second - first || Math.abs(first) || 1, locale);
  return values.map((value) => ({ value, label: write(value) }));
}

/** Whole decades; where they are few, 1, 2 and 5 of each; in a narrow stretch as on any axis. */
function logarithmicTicks(from: number, to: number, wanted: number, unit: string, locale: Locale): readonly Tick[] {
  const exponents = ticksOf(Math.log10(from), Math.log10(to), wanted, 1);
  const lowest = Math.floor(Math.log10(from));
  const decades = Array.from({ length: Math.floor(Math.log10(to)) - lowest + 1 }, (_, at) => lowest + at);
  const values =
    exponents.length > 2
      ? exponents.map((exponent) => Number(`1e${exponent}`))
      : decades
          .flatMap((exponent) => [1, 2, 5].map((digit) => Number(`${digit}e${exponent}`)))
          .filter((value) => value >= from && value <= to);
  if (values.length < 3) return axisTicks(from, to, wanted, unit, locale);
  return values.map((value) => ({ value, label: axisFormat(scaleFor(unit, value), 0, locale)(value) }));
}

/** @param options.logarithmic  only where all values are above zero; otherwise it is linear */
export function scalesOf({
  curves,
  band,
  logarithmic = false,
  unit = '',
  unitX = '',
  locale,
}: Pick<CurvePlotOptions, 'curves' | 'band' | 'logarithmic' | 'unit' | 'unitX' | 'locale'>): Scales {
  const extent = (values: readonly number[]): [number, number] => {
    let [low, high] = [Infinity, -Infinity];
    for (const value of values) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    return low <= high ? [low, high] : [0, 1];
  };
  const [fromX, toX] = extent([...curves.flatMap(({ x }) => x), ...(band?.x ?? [])]);
  const [low, high] = extent([...curves.flatMap(({ y }) => y), ...(band?.low ?? []), ...(band?.high ?? [])]);
  const isLog = logarithmic && low > 0;
  const margin = (isLog ? Math.log10(high / low) : high - low) * 0.05 || Math.abs(low) * 0.05 || 0.5;
  const place = isLog ? Math.log10 : (value: number): number => value;
  const [fromY, toY] = [place(low) - margin, place(high) + margin];
  const width = box.width - box.left - box.right;
  const height = box.height - box.top - box.bottom;
  return {
    x: (value) => box.left + (toX > fromX ? ((value - fromX) / (toX - fromX)) * width : width / 2),
    y: (value) => box.top + (1 - (place(value) - fromY) / (toY - fromY)) * height,
    // There is nothing between two epochs.
    ticksX: axisTicks(fromX, toX, 6, unitX, locale, unitX === '' ? 1 : 0),
    ticksY: isLog ? logarithmicTicks(10 ** fromY, 10 ** toY, 4, unit, locale) : axisTicks(fromY, toY, 4, unit, locale),
  };
}

function pathOf(x: readonly number[], y: readonly number[], { x: toX, y: toY }: Scales): string {
  let path = '';
  let isOpen = false;
  for (const [at, value] of y.entries()) {
    if (!Number.isFinite(value)) {
      isOpen = false;
      continue;
    }
    path += `${isOpen ? 'L' : 'M'}${toX(x[at] ?? 0).toFixed(1)} ${toY(value).toFixed(1)}`;
    isOpen = true;
  }
  return path;
}

/** Lines over steps that are no time, with a legend and the numbers as a table. */
export function curvePlot(options: CurvePlotOptions): TemplateResult {
  const { label, curves, band, xLabel, marks = [] } = options;
  const { format, formatX } = formatsOf(options);
  const scales = scalesOf(options);
  const end = box.width - box.right;
  const floor = box.height - box.bottom;
  return html`<figure class="curve-plot">
    <svg viewBox="0 0 ${box.width} ${box.height}" role="img" aria-label=${label}>
      ${scales.ticksY.map(
        ({ value, label: written }) =>
          svg`<line class="grid" x1=${box.left} x2=${end} y1=${scales.y(value)} y2=${scales.y(value)} /><text x=${box.left - 6} y=${scales.y(value) + 4} text-anchor="end">${written}</text>`,
      )}
      ${scales.ticksX.map(
        ({ value, label: written }) =>
          svg`<text x=${scales.x(value)} y=${box.height - 8} text-anchor="middle">${written}</text>`,
      )}
      ${band === undefined ? nothing : svg`<path class="band series-${band.colour}" d=${bandPath(band, scales)} />`}
      ${marks.map(
        ({ x, name }) =>
          svg`<line class="mark" x1=${scales.x(x)} x2=${scales.x(x)} y1=${box.top} y2=${floor}><title>${name}</title></line>`,
      )}
      ${curves.map(
        ({ x, y, colour, dashed = false }) =>
          svg`<path class="curve series-${colour}" stroke-dasharray=${dashed ? '5 4' : nothing} d=${pathOf(x, y, scales)} />`,
      )}
    </svg>
    <figcaption>
      ${curves.map(
        ({ name, y, colour, dashed = false }) =>
          html`<span
            ><i class=${`swatch series-${colour} ${dashed ? 'dashed' : ''}`}></i>${name}
            <b>${format(y.findLast((value) => Number.isFinite(value)) ?? NaN)}</b></span
          >`,
      )}
      ${marks.map(({ x, name }) => html`<span class="quiet">${name} (${formatX(x)})</span>`)}
      <span class="quiet">${xLabel}</span>
    </figcaption>
    <details>
      <summary>${options.table}</summary>
      ${numbers(options)}
    </details>
  </figure>`;
}

function bandPath({ x, low, high }: Band, scales: Scales): string {
  const back = [...x.keys()].toReversed();
  const lower = back.map((at) => `L${scales.x(x[at] ?? 0).toFixed(1)} ${scales.y(low[at] ?? 0).toFixed(1)}`);
  return `${pathOf(x, high, scales)}${lower.join('')}Z`;
}

function formatsOf({ unit = '', unitX = '', locale }: CurvePlotOptions) {
  return {
    format: (value: number): string => formatFigure(value, unit, locale),
    formatX: (step: number): string => formatFigure(step, unitX, locale),
  };
}

/** The newest steps of all curves. */
function numbers(options: CurvePlotOptions): TemplateResult {
  const { curves, xLabel } = options;
  const { format, formatX } = formatsOf(options);
  const steps = [...new Set(curves.flatMap(({ x }) => x))].toSorted((a, b) => a - b).slice(-mostRows);
  const columns = curves.map(({ x, y }) => new Map(x.map((step, at) => [step, y[at]])));
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${xLabel}>
    <table>
      <thead>
        <tr>
          <th scope="col">${xLabel}</th>
          ${curves.map(({ name }) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${steps.map(
          (step) =>
            html`<tr>
              <th scope="row">${formatX(step)}</th>
              ${columns.map((column) => html`<td>${column.has(step) ? format(column.get(step) ?? NaN) : ''}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
