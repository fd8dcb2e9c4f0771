import { css, html, nothing, svg } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { extentOf, sparkBox, sparkPath } from '../../chart/spark-path.ts';
import { formatValue } from '../../chart/units.ts';
import { icons } from '../../styles/icons.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { SeriesElement } from '../series-properties.ts';
import { stateNote } from '../state-note.ts';
import { deltaInWords } from './delta.ts';

/**
 * One number, how it moved, and how it compares with before.
 *
 * @slot empty - what to say when there is no sample
 * @fires tarsier-drill - it was activated; `detail.query` is what it shows
 * @csspart value
 * @csspart delta
 */
export class TarsierStat extends SeriesElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: block;
        min-width: 0;
      }
      .card {
        display: grid;
        gap: 2px;
        /* As tall as its neighbours in a row. */
        height: 100%;
        align-content: start;
        padding: 12px 14px;
      }
      .value {
        font-size: 26px;
        font-weight: 600;
        letter-spacing: -0.02em;
        line-height: 1.2;
      }
      .stale .value,
      .stale svg.spark {
        opacity: 0.6;
      }
      .delta,
      .old {
        font-size: 13px;
      }
      svg.spark {
        display: block;
        width: 100%;
        height: 28px;
        margin-top: 4px;
        overflow: visible;
      }
      path {
        fill: none;
        stroke: var(--_series-1);
        stroke-width: 1.5;
        vector-effect: non-scaling-stroke;
        stroke-linejoin: round;
      }
    `,
  ];

  /** Which way is better, so that a change is worded: `up` or `down`. Empty: neither. */
  @property() better: 'up' | 'down' | '' = '';

  /** Leaves the small line out. */
  @property({ type: Boolean, attribute: 'no-trend' }) noTrend = false;

  override render(): TemplateResult {
    const { words } = this.locale;
    const [series] = this.shown;
    const state = this.data === undefined ? this.feed.state : { kind: 'ready' as const };
    if (series === undefined) {
      return html`<div class="card">
        <span class="quiet">${this.label}</span>${stateNote(state, words, () => this.feed.retry())}
      </div>`;
    }
    const value = series.column.values.at(-1);
    const { oldness: old } = this;
    return html`<div class="card ${state.kind}">
      <span class="quiet">${this.label}</span>
      <span class="value" part="value">${formatValue(value, this.shownUnit, this.locale)}</span>
      ${this.#delta(value)} ${old === '' ? nothing : html`<span class="old quiet">${icons.stale} ${old}</span>`}
      ${this.noTrend ? nothing : this.#trend()}
    </div>`;
  }

  #delta(value: number | undefined): TemplateResult | typeof nothing {
    const before = this.compared[0]?.column.values.at(-1);
    if (value === undefined || before === undefined) return nothing;
    return html`<span class="delta quiet" part="delta"
      >${deltaInWords(value, before, this.better, this.locale.words.delta, this.locale)}</span
    >`;
  }

  #trend(): TemplateResult {
    const { from, to } = this.span;
    const columns = this.shown.slice(0, 1).map(({ column }) => column);
    return html`<svg
      class="spark"
      viewBox="0 0 ${sparkBox.width} ${sparkBox.height}"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      ${columns.map((column) => svg`<path d=${sparkPath(column, { from, to, ...extentOf(columns, from) })} />`)}
    </svg>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-stat': TarsierStat;
  }
}
