import { css, html, svg } from 'lit';
import type { TemplateResult } from 'lit';
import { extentOf, sparkBox, sparkPath } from '../../chart/spark-path.ts';
import { formatValue } from '../../chart/units.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { SeriesElement } from '../series-properties.ts';
import { stateNote } from '../state-note.ts';

/**
 * Series as small lines without axes, for a table cell or a sentence. Its name for screen readers has the newest value.
 *
 * @csspart plot
 * @cssproperty --tarsier-sparkline-height - 20px
 */
export class TarsierSparkline extends SeriesElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: inline-block;
        width: 120px;
        vertical-align: middle;
      }
      svg {
        display: block;
        width: 100%;
        height: var(--tarsier-sparkline-height, 20px);
        overflow: visible;
      }
      path {
        fill: none;
        stroke: var(--_series-1);
        stroke-width: 1.5;
        vector-effect: non-scaling-stroke;
        stroke-linejoin: round;
      }
      path:nth-of-type(2) {
        stroke: var(--_series-2);
      }
      path:nth-of-type(3) {
        stroke: var(--_series-3);
      }
      .stale {
        opacity: 0.55;
      }
    `,
  ];

  override render(): TemplateResult {
    const { shown } = this;
    const { words } = this.locale;
    if (shown.length === 0) return html`${stateNote(this.feed.state, words, () => this.feed.retry())}`;
    const { from, to } = this.span;
    const { min, max } = extentOf(
      shown.map(({ column }) => column),
      from,
    );
    // The lowest value stands on the ground where zero is near.
    const scale = { from, to, min: Math.min(min, min > 0 && min < max / 2 ? 0 : min), max };
    const latest = formatValue(shown[0]?.column.values.at(-1), this.shownUnit, this.locale);
    const { oldness: old } = this;
    return html`<svg
      class=${old === '' ? '' : 'stale'}
      part="plot"
      viewBox="0 0 ${sparkBox.width} ${sparkBox.height}"
      preserveAspectRatio="none"
      role="img"
      aria-label=${[[this.label, latest].filter(Boolean).join(': '), old].filter(Boolean).join(', ')}
    >
      ${shown.slice(0, 3).map(({ column }) => svg`<path d=${sparkPath(column, scale)} />`)}
    </svg>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-sparkline': TarsierSparkline;
  }
}
