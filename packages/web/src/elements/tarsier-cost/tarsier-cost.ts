import type { Job } from '@tarsier/protocol';
import type { CostFinding, CostOptimization } from '@tarsier/protocol/api';
import { css, html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { formatUsdText } from '../../chart/money.ts';
import { icons } from '../../styles/icons.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { isOfKind } from '../job-points.ts';
import { ResultElement } from '../result-element.ts';
import { resultStyles } from '../result.styles.ts';

/**
 * What hosts and models cost a month, what of that could be saved, how sure that is, and how each number comes about.
 *
 * @slot empty - what to say when costs were not looked at yet
 * @csspart result
 * @csspart finding
 */
export class TarsierCost extends ResultElement<CostOptimization> {
  static override styles = [
    tokens,
    base,
    resultStyles,
    css`
      .findings > li {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 2px;
        padding: 10px 0;
        border-top: 1px solid var(--_border);
      }
      .first {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        justify-content: space-between;
        gap: 2px 12px;
      }
      .amount {
        font-weight: 600;
      }
      summary {
        min-height: 24px;
        cursor: pointer;
        color: var(--_text-quiet);
        font-size: 13px;
      }
      .calm {
        display: flex;
        gap: 8px;
        align-items: baseline;
      }
      .calm .icon {
        color: var(--_ok);
      }
    `,
  ];

  /** Most findings to show; 0: all. */
  @property({ type: Number }) most = 0;

  protected override get type(): string {
    return 'cost_optimization';
  }
  protected override get heading(): string {
    return this.locale.words.cost.label;
  }
  protected override read(result: unknown): CostOptimization | undefined {
    return isOfKind<CostOptimization>(result, 'cost_optimization', 1) ? result : undefined;
  }

  protected override show(result: CostOptimization, job: Job | undefined): TemplateResult {
    const { cost: text } = this.locale.words;
    const shown = this.most > 0 ? result.findings.slice(0, this.most) : result.findings;
    return html`<dl class="figures">
        <div>
          <dt>${text.score}</dt>
          <dd>${this.number(result.score)}<small>/ 100</small></dd>
        </div>
        <div>
          <dt>${text.monthly}</dt>
          <dd>${this.#usd(result.monthly)}</dd>
        </div>
        <div>
          <dt>${text.saving}</dt>
          <dd>${this.#usd(result.saving)}</dd>
        </div>
        ${
          job === undefined
            ? nothing
            : html`<div>
                <dt>${text.own}</dt>
                <dd class="small">${this.#usd(job.cost)}</dd>
              </div>`
        }
      </dl>
      <details>
        <summary>${text.arithmetic}</summary>
        <p>${result.arithmetic}</p>
      </details>
      ${
        shown.length === 0
          ? html`<p class="calm">${icons.ok}${text.none}</p>`
          : html`<ul class="findings">
              ${shown.map((finding) => this.#finding(finding))}
            </ul>`
      }
      ${result.unpriced.length === 0 ? nothing : html`<p class="quiet">${text.unpriced(result.unpriced.join(', '))}</p>`}`;
  }

  #finding({ kind, subject, advice, saving, confidence, arithmetic, evidence }: CostFinding): TemplateResult {
    const { cost: text } = this.locale.words;
    return html`<li part="finding">
      <span class="first">
        <b>${text.kinds[kind]}: ${subject}</b>
        <span
          ><span class="amount">${text.saves(this.#usd(saving))}</span>,
          ${text.confidence(this.number(confidence, 'ratio'))}</span
        >
      </span>
      <span>${advice}</span>
      <details>
        <summary>${text.arithmetic}, ${text.evidence}</summary>
        <p>${arithmetic}</p>
        <p class="quiet">${evidence}</p>
      </details>
    </li>`;
  }

  #usd(text: string): string {
    return formatUsdText(text, this.locale);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-cost': TarsierCost;
  }
}
