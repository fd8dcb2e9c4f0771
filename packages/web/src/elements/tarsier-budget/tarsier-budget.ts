import type { BudgetMove, BudgetState, Rebalance } from '@tarsier/protocol/api';
import { css, html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { formatUsdText } from '../../chart/money.ts';
import { formatValue } from '../../chart/units.ts';
import { asking } from '../../controllers/asked.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { actUnlessTaken } from '../../data/element-action.ts';
import { modelWords } from '../../i18n/models/words.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { resultStyles } from '../result.styles.ts';
import { tableStyles } from '../table.styles.ts';
import { whenReady } from '../when-ready.ts';

const pollMs = 30_000;

/**
 * What may be spent and what was, and how the newest rebalancing would move amounts: from, to, and why. It can be
 * applied and undone.
 *
 * @fires tarsier-action - a person applies or undoes; `detail.action` and `detail.rebalance`; cancel it to do it elsewhere
 * @csspart budget
 * @csspart move
 */
export class TarsierBudget extends LitElement {
  static override styles = [
    tokens,
    base,
    resultStyles,
    tableStyles,
    css`
      meter {
        width: 110px;
      }
      meter::-webkit-meter-suboptimum-value {
        background: var(--_warning);
      }
      meter::-webkit-meter-even-less-good-value {
        background: var(--_critical);
      }
      .to {
        font-weight: 600;
      }
      td.text {
        min-width: 180px;
      }
      th small {
        display: block;
        color: var(--_text-quiet);
        font-weight: 400;
      }
    `,
  ];

  /** The title. */
  @property() label = '';
  /** Leaves the buttons out. */
  @property({ type: Boolean, attribute: 'no-actions' }) noActions = false;

  @state() private said = '';

  readonly #locale = new LocaleController(this, modelWords);
  readonly #budgets = asking(
    this,
    () => '/v1/budgets',
    () => pollMs,
  );
  readonly #proposals = asking(
    this,
    () => '/v1/rebalances?limit=1',
    () => pollMs,
  );

  override render(): TemplateResult {
    const { words } = this.#locale;
    return html`<section class="card result" aria-labelledby="title">
      <header>
        <h3 id="title">${this.label || words.budget.label}</h3>
        <span role="status">${this.said}</span>
      </header>
      ${whenReady(this.#budgets, words, ({ budgets }) => this.#spent(budgets))}
      ${whenReady(this.#proposals, words, ({ rebalances: [newest] }) => this.#proposal(newest))}
    </section>`;
  }

  #usd(text: string): string {
    return formatUsdText(text, this.#locale);
  }

  #name({ kind, target }: Pick<BudgetState, 'kind' | 'target'>): string {
    const { kinds } = this.#locale.words.budget;
    return kind === 'jobs' ? kinds.jobs : `${kinds[kind]} ${target}`;
  }

  #spent(budgets: readonly BudgetState[]): TemplateResult {
    const { budget: text } = this.#locale.words;
    if (budgets.length === 0) return html`<p class="note">${text.none}</p>`;
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${text.spent}>
      <table>
        <thead>
          <tr>
            ${[text.target, text.spent, text.amount].map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${budgets.map((budget) => {
            const share = Number(budget.spent ?? 0) / Number(budget.amount);
            return html`<tr part="budget">
              <th scope="row">
                ${this.#name(budget)}
                ${
                  budget.unpriced === undefined || budget.unpriced.length === 0
                    ? nothing
                    : html`<small>${text.unpriced(budget.unpriced.join(', '))}</small>`
                }
              </th>
              <td>
                ${
                  budget.spent === undefined
                    ? nothing
                    : html`<meter
                          max="1"
                          low="0.8"
                          high="0.99"
                          optimum="0"
                          .value=${Math.min(1, Number.isFinite(share) ? share : 0)}
                          aria-label=${`${formatValue(share, 'ratio', this.#locale)} ${text.over}`}
                        ></meter>
                        ${this.#usd(budget.spent)}`
                }
              </td>
              <td>${this.#usd(budget.amount)} <span class="quiet">${text.period[budget.period]}</span></td>
            </tr>`;
          })}
        </tbody>
      </table>
    </div>`;
  }

  #proposal(proposal: Rebalance | undefined): TemplateResult {
    const { budget: text } = this.#locale.words;
    if (proposal === undefined) return html`<p class="quiet">${text.noProposal}</p>`;
    const { state: status, moves, total, gain, verdict } = proposal;
    const heading = { proposed: text.proposal, applied: text.applied, undone: text.undone }[status];
    return html`<div>
      <h4>${heading}</h4>
      <p class="why">${verdict} ${text.gain(this.#usd(gain.mean), this.#usd(gain.low), this.#usd(gain.high))}</p>
      <div class="scroll" tabindex="0" role="region" aria-label=${heading}>
        <table>
          <thead>
            <tr>
              ${[text.target, text.from, text.to, text.delta, text.sure].map(
                (name) => html`<th scope="col">${name}</th>`,
              )}
              <th scope="col" class="text">${text.reason}</th>
            </tr>
          </thead>
          <tbody>
            ${moves.map((move) => this.#move(move))}
            <tr>
              <th scope="row">${text.total}</th>
              <td>${this.#usd(total.from)}</td>
              <td class="to">${this.#usd(total.to)}</td>
              <td></td>
              <td></td>
              <td></td>
            </tr>
          </tbody>
        </table>
      </div>
      ${this.#button(proposal)}
    </div>`;
  }

  #move(move: BudgetMove): TemplateResult {
    const { from, to, delta, confidence, reason } = move;
    return html`<tr part="move">
      <th scope="row">${this.#name(move)}</th>
      <td>${this.#usd(from)}</td>
      <td class="to">${this.#usd(to)}</td>
      <td>${from === to ? '' : `${delta.startsWith('-') ? '' : '+'}${this.#usd(delta)}`}</td>
      <td>${formatValue(confidence, 'ratio', this.#locale)}</td>
      <td class="text">${reason}</td>
    </tr>`;
  }

  #button({ id, state: status }: Rebalance): TemplateResult | typeof nothing {
    if (this.noActions || status === 'undone') return nothing;
    const action = status === 'proposed' ? 'apply' : 'undo';
    return html`<p class="actions">
      <button class="button" type="button" @click=${() => void this.#act(id, action)}>
        ${this.#locale.words.budget[action]}
      </button>
    </p>`;
  }

  async #act(id: string, action: 'apply' | 'undo'): Promise<void> {
    const path = `/v1/rebalances/${encodeURIComponent(id)}/${action}`;
    const outcome = await actUnlessTaken(this, this.#proposals.source, { action, rebalance: id }, (api) =>
      api.send('POST', path, {}),
    );
    if (outcome.kind === 'taken') return;
    const { appliedNow, undoneNow } = this.#locale.words.budget;
    this.said = outcome.kind === 'failed' ? outcome.message : action === 'apply' ? appliedNow : undoneNow;
    this.#proposals.refresh();
    this.#budgets.refresh();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-budget': TarsierBudget;
  }
}
