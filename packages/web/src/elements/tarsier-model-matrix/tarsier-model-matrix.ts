import type { ComparedModel, ModelComparison } from '@tarsier/protocol/api';
import { css, html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { base, tokens } from '../../styles/tokens.ts';
import { choice } from '../fields/choice.ts';
import { isOfKind } from '../job-points.ts';
import { ResultElement } from '../result-element.ts';
import { resultStyles } from '../result.styles.ts';
import { tableStyles } from '../table.styles.ts';
import { bestOf, columns, sorted } from './columns.ts';
import type { ColumnName } from './columns.ts';

const families = ['both', 'detector', 'forecaster'] as const;

/**
 * Detectors and forecasters beside each other on the tenant's own data: quality, cost, and a rating of both together.
 * Sorts by any column; the best of each column is marked.
 *
 * @slot empty - what to say when nothing was compared yet
 * @csspart result
 */
export class TarsierModelMatrix extends ResultElement<ModelComparison> {
  static override styles = [
    tokens,
    base,
    resultStyles,
    tableStyles,
    css`
      th button {
        min-height: 24px;
        padding: 0;
        border: 0;
        background: none;
        color: inherit;
        font-weight: inherit;
      }
      th[aria-sort] button {
        color: var(--_text);
        font-weight: 600;
      }
      /* A number without its star says less; the table scrolls. */
      td {
        white-space: nowrap;
      }
      .best {
        font-weight: 600;
      }
      .best::before {
        content: '★ ';
        color: var(--_accent);
      }
      .rating {
        display: inline-block;
        min-width: 24px;
        padding: 0 7px;
        border: 1px solid var(--_border-strong);
        border-radius: 6px;
        font-weight: 600;
        text-align: center;
      }
      td small,
      th small {
        display: block;
        color: var(--_text-quiet);
        font-weight: 400;
        font-size: 12px;
      }
      meter {
        width: 64px;
      }
      .choices label {
        display: inline-flex;
        align-items: center;
        gap: 8px;
        font-size: 13px;
      }
    `,
  ];

  /** Which column it is sorted by. */
  @property() sort: ColumnName = 'efficiency';

  @state() private family: (typeof families)[number] = 'both';

  protected override get type(): string {
    return 'models.compare';
  }
  protected override get heading(): string {
    return this.locale.words.matrix.label;
  }
  protected override read(result: unknown): ModelComparison | undefined {
    return isOfKind<ModelComparison>(result, 'models.compare', 1) ? result : undefined;
  }

  protected override show(result: ModelComparison): TemplateResult {
    const { matrix: text, method } = this.locale.words;
    const rows = result.rows.filter(({ family }) => this.family === 'both' || family === this.family);
    const best = new Map(columns.map((column) => [column.name, bestOf(rows, column)]));
    const names = { both: text.both, detector: text.detectors, forecaster: text.forecasters };
    return html`<p class="why">${result.explanation}</p>
      <div class="choices">
        ${choice(text.filter, families, this.family, names, (family) => (this.family = family))}
        <span class="quiet">${text.about(result.series, result.injected)}</span>
      </div>
      <div class="scroll" tabindex="0" role="region" aria-label=${this.locale.words.numbers}>
        <table>
          <thead>
            <tr>
              <th scope="col">${text.model}</th>
              ${columns.map(({ name, better }) => this.#head(name, better))}
              <th scope="col">${text.rating}</th>
            </tr>
          </thead>
          <tbody>
            ${sorted(rows, this.sort).map((row) => this.#row(row, best))}
          </tbody>
        </table>
      </div>
      <p class="quiet">${method}: ${result.method}</p>`;
  }

  #head(name: ColumnName, better: 'high' | 'low'): TemplateResult {
    const order = better === 'high' ? 'descending' : 'ascending';
    return html`<th scope="col" aria-sort=${this.sort === name ? order : nothing}>
      <button type="button" @click=${() => (this.sort = name)}>${this.locale.words.matrix[name]}</button>
    </th>`;
  }

  #row(row: ComparedModel, best: ReadonlyMap<ColumnName, number | undefined>): TemplateResult {
    const { matrix: text, verdict } = this.locale.words;
    return html`<tr>
      <th scope="row">${row.name}<small>${verdict[row.verdict]}</small></th>
      ${columns.map(({ name, unit, of }) => {
        const value = of(row);
        if (value === undefined) return html`<td></td>`;
        const isBest = best.get(name) === value;
        return html`<td>
          <span class=${isBest ? 'best' : ''} title=${isBest ? text.best : nothing}>${this.number(value, unit)}</span>
          ${isBest ? html`<span class="visually-hidden">(${text.best})</span>` : nothing}
          ${
            name === 'quality'
              ? html`<small>${this.number(row.quality.low, unit)} – ${this.number(row.quality.high, unit)}</small>`
              : nothing
          }
        </td>`;
      })}
      <td><span class="rating">${row.rating}</span></td>
    </tr>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-model-matrix': TarsierModelMatrix;
  }
}
