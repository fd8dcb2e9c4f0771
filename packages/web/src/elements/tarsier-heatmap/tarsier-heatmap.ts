import { css, html, nothing, unsafeCSS } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { formatTime } from '../../chart/age.ts';
import { sequential } from '../../chart/palette.ts';
import { formatValue } from '../../chart/units.ts';
import { icons } from '../../styles/icons.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { SeriesElement } from '../series-properties.ts';
import { stateNote } from '../state-note.ts';
import { heatOf, heatStep } from './heat.ts';
import type { Heat } from './heat.ts';

const rowPx = 22;
/** A cell is at least so wide. */
const cellPx = 5;
/** What lies further down is drawn when it is scrolled to. */
const marginRows = 10;
const steps = [1, 2, 3, 4, 5, 6, 7] as const;

// Colours are from this repository, not from outside.
const stepColours = unsafeCSS(
  sequential.light
    .map((light, i) => `--_seq-${i + 1}: var(--tarsier-seq-${i + 1}, light-dark(${light}, ${sequential.dark[i]}));`)
    .join('\n'),
);

/**
 * A row per host (or another label), a cell per stretch of time, darker where the value is higher. Rows are chosen with
 * a click or Enter; the table says the same in numbers.
 *
 * @slot empty - what to say when there is no sample
 * @fires tarsier-drill - a row was chosen; `detail.host` is its name
 * @csspart row
 * @csspart table
 * @cssproperty --tarsier-heatmap-height - most height before it scrolls; 420px
 */
export class TarsierHeatmap extends SeriesElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        ${stepColours}
        display: block;
        min-width: 0;
      }
      figure {
        padding: 12px 14px;
      }
      figcaption {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 12px;
        margin-bottom: 8px;
      }
      h3 {
        flex: 1;
        font-size: 14px;
        font-weight: 600;
      }
      .scale {
        display: inline-flex;
        align-items: center;
        gap: 2px;
        font-size: 13px;
      }
      .scale i {
        width: 14px;
        height: 10px;
      }
      .scroll {
        position: relative;
        display: grid;
        grid-template-columns: minmax(60px, 160px) minmax(0, 1fr);
        max-height: var(--tarsier-heatmap-height, 420px);
        overflow-y: auto;
      }
      ul button {
        display: block;
        width: 100%;
        height: 22px;
        padding: 0 8px 0 2px;
        border: 0;
        background: none;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        text-align: start;
        font-size: 13px;
      }
      ul button:hover {
        background: var(--_accent-soft);
      }
      canvas {
        display: block;
        width: 100%;
      }
      .times {
        display: flex;
        justify-content: space-between;
        margin-inline-start: min(160px, 30%);
        font-size: 12px;
      }
      .readout {
        min-height: 20px;
        font-size: 13px;
      }
      table {
        width: 100%;
        border-collapse: collapse;
        font-size: 13px;
      }
      th,
      td {
        padding: 3px 8px;
        border-bottom: 1px solid var(--_border);
        text-align: end;
      }
      th:first-child {
        text-align: start;
        font-weight: 500;
      }
      .tool {
        display: inline-grid;
        place-items: center;
        width: 28px;
        height: 28px;
        padding: 0;
        border: 0;
        border-radius: 6px;
        background: none;
        color: var(--_text-quiet);
      }
      .tool[aria-pressed='true'] {
        color: var(--_accent);
        background: var(--_accent-soft);
      }
      .seq-1 {
        background: var(--_seq-1);
      }
      .seq-2 {
        background: var(--_seq-2);
      }
      .seq-3 {
        background: var(--_seq-3);
      }
      .seq-4 {
        background: var(--_seq-4);
      }
      .seq-5 {
        background: var(--_seq-5);
      }
      .seq-6 {
        background: var(--_seq-6);
      }
      .seq-7 {
        background: var(--_seq-7);
      }
      .sentinel {
        color: var(--_text);
        transition: color 1ms;
      }
      @media (pointer: coarse) {
        .tool {
          width: 44px;
          height: 44px;
        }
      }
    `,
  ];

  /** The label that names a row. */
  @property() rows = 'host';

  /** Fixed low end of the scale; absent: the lowest value. */
  @property({ type: Number }) min: number | undefined;
  /** Fixed high end of the scale; absent: the highest value. */
  @property({ type: Number }) max: number | undefined;

  @state() private readout = '';
  @state() private tableShown = false;

  #heat: Heat | undefined;
  #resize: ResizeObserver | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize = new ResizeObserver(() => this.requestUpdate());
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize?.disconnect();
  }

  /** What is drawn, for tests and tools. */
  get heat(): Heat | undefined {
    return this.#heat;
  }

  protected override willUpdate(): void {
    const columns = Math.max(12, Math.floor((this.clientWidth - 190) / cellPx));
    const heat = heatOf(this.shown, this.rows, this.span, columns);
    this.#heat = { ...heat, min: this.min ?? heat.min, max: this.max ?? heat.max };
  }

  protected override updated(): void {
    this.#draw();
  }

  #draw(): void {
    const canvas = this.renderRoot.querySelector('canvas');
    const heat = this.#heat;
    if (canvas === null || heat === undefined) return;
    const { scrollTop, clientHeight } = this.renderRoot.querySelector('.scroll') ?? { scrollTop: 0, clientHeight: 0 };
    const width = canvas.clientWidth;
    const height = heat.rows.length * rowPx;
    canvas.width = width * devicePixelRatio;
    canvas.height = height * devicePixelRatio;
    canvas.style.setProperty('height', `${height}px`);
    const context = canvas.getContext('2d');
    if (context === null) return;
    context.scale(devicePixelRatio, devicePixelRatio);
    const colours = steps.map((step) => {
      const swatch = this.renderRoot.querySelector(`.seq-${step}`);
      return swatch === null ? '' : getComputedStyle(swatch).backgroundColor;
    });
    const cell = width / heat.columns;
    const first = Math.max(0, Math.floor(scrollTop / rowPx) - marginRows);
    const last = Math.min(heat.rows.length, Math.ceil((scrollTop + clientHeight) / rowPx) + marginRows);
    for (let row = first; row < last; row++) {
      const { values } = heat.rows[row] ?? { values: [] };
      for (let column = 0; column < heat.columns; column++) {
        const value = values[column] ?? NaN;
        if (Number.isNaN(value)) continue;
        context.fillStyle = colours[heatStep(value, heat.min, heat.max)] ?? '';
        context.fillRect(column * cell, row * rowPx + 1, Math.ceil(cell), rowPx - 2);
      }
    }
  }

  #pointed(event: PointerEvent): void {
    const heat = this.#heat;
    const canvas = event.currentTarget;
    if (heat === undefined || !(canvas instanceof HTMLElement)) return;
    const { left, top, width } = canvas.getBoundingClientRect();
    const row = heat.rows[Math.floor((event.clientY - top) / rowPx)];
    const column = Math.floor(((event.clientX - left) / width) * heat.columns);
    if (row === undefined) return;
    const moment = formatTime(heat.from + column * heat.columnMs, 'minutes', this.locale);
    const value = formatValue(row.values[column], this.shownUnit, this.locale);
    this.readout = this.locale.words.heat.at(row.name, moment, value);
  }

  #choose(host: string): void {
    const detail = { [this.rows]: host };
    this.dispatchEvent(new CustomEvent('tarsier-drill', { detail, bubbles: true, composed: true, cancelable: true }));
  }

  override render(): TemplateResult {
    const { words } = this.locale;
    const heat = this.#heat;
    const rows = heat?.rows ?? [];
    const { from, to } = this.span;
    const { oldness: old } = this;
    return html`<figure class="card" aria-labelledby="title">
      <figcaption>
        <h3 id="title">${this.label}</h3>
        ${rows.length === 0 || old === '' ? nothing : html`<span class="quiet">${icons.stale} ${old}</span>`}
        <span class="scale quiet"
          >${words.heat.less} ${steps.map((step) => html`<i class="seq-${step}"></i>`)} ${words.heat.more}</span
        >
        <button
          class="tool"
          type="button"
          aria-pressed=${this.tableShown ? 'true' : 'false'}
          aria-label=${words.chart.asTable(this.label)}
          title=${words.chart.table}
          @click=${() => (this.tableShown = !this.tableShown)}
        >
          ${icons.table}
        </button>
      </figcaption>
      ${
        rows.length === 0
          ? stateNote(this.data === undefined ? this.feed.state : { kind: 'empty' }, words, () => this.feed.retry())
          : html`<div class="scroll" @scroll=${() => this.#draw()}>
                <ul>
                  ${rows.map(
                    ({ name, latest }) =>
                      html`<li part="row">
                        <button
                          type="button"
                          title=${name}
                          aria-label="${name}, ${words.heat.latest} ${formatValue(latest, this.shownUnit, this.locale)}"
                          @click=${() => this.#choose(name)}
                        >
                          ${name}
                        </button>
                      </li>`,
                  )}
                </ul>
                <canvas
                  aria-hidden="true"
                  @pointermove=${this.#pointed}
                  @pointerleave=${() => (this.readout = '')}
                ></canvas>
              </div>
              <div class="times quiet" aria-hidden="true">
                <span>${formatTime(from, 'day', this.locale)}</span><span>${formatTime(to, 'day', this.locale)}</span>
              </div>
              <div class="readout quiet" aria-hidden="true">${this.readout}</div>`
      }
      ${this.tableShown ? this.#table(rows) : nothing}
      <span class="visually-hidden sentinel" aria-hidden="true" @transitionend=${() => this.#draw()}></span>
    </figure>`;
  }

  #table(rows: Heat['rows']): TemplateResult {
    const { heat } = this.locale.words;
    return html`<table part="table">
      <thead>
        <tr>
          <th scope="col">${this.rows}</th>
          <th scope="col">${heat.latest}</th>
          <th scope="col">${heat.highest}</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ name, latest, highest }) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td>${formatValue(latest, this.shownUnit, this.locale)}</td>
              <td>${formatValue(highest, this.shownUnit, this.locale)}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-heatmap': TarsierHeatmap;
  }
}
