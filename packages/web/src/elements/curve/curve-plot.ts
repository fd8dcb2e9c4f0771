import { html, nothing, svg } from 'lit';
import type { TemplateResult } from 'lit';

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
  /** How a value is written. */
  readonly format: (value: number) => string;
  readonly formatX?: (x: number) => string;
  readonly table: string;
}

export const box = { width: 640, height: 200, left: 56, right: 12, top: 10, bottom: 26 } as const;
const mostRows = 200;

export interface Scales {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly ticksX: readonly number[];
  readonly ticksY: readonly number[];
}

/** Round numbers that divide a stretch into about `wanted` parts. */
export function ticksOf(from: number, to: number, wanted: number): readonly number[] {
  if (!(to > from)) return [from];
  const rough = (to - from) / wanted;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * magnitude >= rough) ?? 10) * magnitude;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** @param logarithmic  only where all values are above zero; otherwise it is linear */
export function scalesOf(curves: readonly Curve[], band: Band | undefined, logarithmic: boolean): Scales {
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
    ticksX: ticksOf(fromX, toX, 6),
    ticksY: isLog ? ticksOf(fromY, toY, 4).map((exponent) => 10 ** exponent) : ticksOf(fromY, toY, 4),
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
  const { label, curves, band, xLabel, format, formatX = String, marks = [] } = options;
  const scales = scalesOf(curves, band, options.logarithmic === true);
  const end = box.width - box.right;
  const floor = box.height - box.bottom;
  return html`<figure class="curve-plot">
    <svg viewBox="0 0 ${box.width} ${box.height}" role="img" aria-label=${label}>
      ${scales.ticksY.map(
        (tick) =>
          svg`<line class="grid" x1=${box.left} x2=${end} y1=${scales.y(tick)} y2=${scales.y(tick)} /><text x=${box.left - 6} y=${scales.y(tick) + 4} text-anchor="end">${format(tick)}</text>`,
      )}
      ${scales.ticksX.map(
        (tick) => svg`<text x=${scales.x(tick)} y=${box.height - 8} text-anchor="middle">${formatX(tick)}</text>`,
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

/** The newest steps of all curves. */
function numbers({ curves, xLabel, format, formatX = String }: CurvePlotOptions): TemplateResult {
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
