import { html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { formatUsdText } from '../../chart/money.ts';
import { formatValue } from '../../chart/units.ts';
import { asking } from '../../controllers/asked.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { resultStyles } from '../../elements/result.styles.ts';
import { tableStyles } from '../../elements/table.styles.ts';
import { whenReady } from '../../elements/when-ready.ts';
import { modelWords } from '../../i18n/models/words.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { byType } from './by-type.ts';
import type { DaySpending } from './by-type.ts';

const pollMs = 60_000;

interface Spending {
  readonly usage: readonly DaySpending[];
  readonly total: string;
}

/** What jobs cost in the last month, by type, and how good their estimates were. */
export class JobSpending extends LitElement {
  static override styles = [tokens, base, resultStyles, tableStyles];

  readonly #locale = new LocaleController(this, modelWords);
  readonly #usage = asking(
    this,
    () => '/v1/jobs/usage',
    () => pollMs,
  );

  override render(): TemplateResult {
    const { words } = this.#locale;
    return html`<section class="card result" aria-labelledby="spent">
      <h3 id="spent">${words.page.spent}</h3>
      ${whenReady(this.#usage, words, (spending) => this.#table(spending))}
    </section>`;
  }

  #table({ usage, total }: Spending): TemplateResult {
    const { words } = this.#locale;
    const { page: text, jobs } = words;
    if (usage.length === 0) return html`<p class="note">${text.noUsage}</p>`;
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${words.numbers}>
      <table>
        <thead>
          <tr>
            ${[jobs.type, text.runs, jobs.took, jobs.cost, text.accuracy].map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${byType(usage).map(
            ({ type, runs, meteredMs, cost, accuracy }) =>
              html`<tr>
                <th scope="row">${type}</th>
                <td>${runs}</td>
                <td>${formatValue(meteredMs / 1000, 'seconds', this.#locale)}</td>
                <td>${formatUsdText(cost, this.#locale)}</td>
                <td>${accuracy === undefined ? '' : formatValue(accuracy, '', this.#locale)}</td>
              </tr>`,
          )}
          <tr>
            <th scope="row">${text.total}</th>
            <td></td>
            <td></td>
            <td><b>${formatUsdText(total, this.#locale)}</b></td>
            <td></td>
          </tr>
        </tbody>
      </table>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-job-spending': JobSpending;
  }
}
