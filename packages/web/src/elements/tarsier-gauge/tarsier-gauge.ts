import { css, html, nothing, svg } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { formatValue } from '../../chart/units.ts';
import { icons } from '../../styles/icons.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { SeriesElement } from '../series-properties.ts';
import { stateNote } from '../state-note.ts';
import { arc, part, tick } from './arc.ts';

/**
 * One value between two bounds, as a dial. Bounds of a rule (`warning`, `critical`) are marked on it and said in words.
 *
 * @csspart dial
 * @cssproperty --tarsier-gauge-size - width of the dial; 140px
 */
export class TarsierGauge extends SeriesElement {
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
        justify-items: center;
        gap: 2px;
        padding: 12px 14px;
        text-align: center;
      }
      svg.dial {
        width: min(100%, var(--tarsier-gauge-size, 140px));
      }
      .track,
      .filled {
        fill: none;
        stroke-width: 10;
      }
      .track {
        stroke: var(--_grid);
      }
      .filled {
        stroke: var(--_accent);
      }
      .warning .filled {
        stroke: var(--_warning);
      }
      .critical .filled {
        stroke: var(--_critical);
      }
      .bound {
        stroke: var(--_text);
        stroke-width: 2;
      }
      .stale .dial {
        opacity: 0.6;
      }
      .value {
        margin-top: -34px;
        font-size: 20px;
        font-weight: 600;
      }
      .word {
        display: inline-flex;
        align-items: center;
        gap: 5px;
        font-size: 13px;
      }
    `,
  ];

  /** The empty dial. */
  @property({ type: Number }) min = 0;
  /** The full dial; of ratios 1, of others 100. */
  @property({ type: Number }) max: number | undefined;
  /** Bound of a warning; absent: none. */
  @property({ type: Number }) warning: number | undefined;
  /** Bound of a critical alert; absent: none. Below the other bound it means that small values are bad. */
  @property({ type: Number }) critical: number | undefined;

  override render(): TemplateResult {
    const { words } = this.locale;
    const [series] = this.shown;
    const state = this.data === undefined ? this.feed.state : { kind: 'ready' as const };
    const value = series?.column.values.at(-1);
    if (value === undefined) {
      return html`<div class="card">
        <span class="quiet">${this.label}</span>${stateNote(state, words, () => this.feed.retry())}
      </div>`;
    }
    const unit = this.shownUnit;
    const max = this.max ?? (unit === 'ratio' ? 1 : 100);
    const text = formatValue(value, unit, this.locale);
    const level = this.#level(value);
    const { oldness: old } = this;
    return html`<div class="card ${state.kind} ${level ?? ''}">
      <svg
        class="dial"
        part="dial"
        viewBox="0 0 120 70"
        role="img"
        aria-label=${[this.label, text, level === undefined ? '' : words.severity[level]].filter(Boolean).join(', ')}
      >
        <path class="track" d=${arc(0, 1)} />
        <path class="filled" d=${arc(0, part(value, this.min, max))} />
        ${[this.warning, this.critical].map((bound) =>
          bound === undefined ? nothing : svg`<path class="bound" d=${tick(part(bound, this.min, max))} />`,
        )}
      </svg>
      <span class="value">${text}</span>
      <span class="quiet">${this.label}</span>
      ${level === undefined ? nothing : html`<span class="word">${icons[level]}${words.severity[level]}</span>`}
      ${old === '' ? nothing : html`<span class="word quiet">${icons.stale}${old}</span>`}
    </div>`;
  }

  #level(value: number): 'warning' | 'critical' | undefined {
    const { warning, critical } = this;
    const lowIsBad = warning !== undefined && critical !== undefined && critical < warning;
    const beyond = (bound: number | undefined): boolean =>
      bound !== undefined && (lowIsBad ? value <= bound : value >= bound);
    return beyond(critical) ? 'critical' : beyond(warning) ? 'warning' : undefined;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-gauge': TarsierGauge;
  }
}
