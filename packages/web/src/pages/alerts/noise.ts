import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { asking } from '../../controllers/asked.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { alertWords } from '../../i18n/alerts/words.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { partStyles } from './part.styles.ts';

const pollMs = 60_000;

/** How much noise was spared in the last week, and why each thing was not told. */
export class AlertNoise extends LitElement {
  static override styles = [tokens, base, partStyles];

  readonly #locale = new LocaleController(this, alertWords);
  readonly #summary = asking(
    this,
    () => '/v1/notifications/summary?days=7',
    () => pollMs,
  );

  override render(): TemplateResult | typeof nothing {
    const { words } = this.#locale;
    const { state } = this.#summary;
    // It is beside what the page is for: without it nothing is said.
    if (state.kind !== 'ready') return nothing;
    const { changes, told, noiseReduction, reasons } = state.value;
    if (changes === 0) return html`<p class="quiet">${words.page.noNoise}</p>`;
    const percent = new Intl.NumberFormat(this.#locale.lang, { style: 'percent' });
    const unheard = reasons.find(({ reason }) => reason === 'no-channel')?.count ?? 0;
    const unsent = reasons.filter((reason) => !reason.told);
    return html`<div class="card noise">
      ${
        unheard > 0 && told === 0
          ? html`<p>${words.page.unheard(changes)}</p>`
          : html`<p>
              <meter min="0" max="1" value=${noiseReduction} aria-hidden="true"></meter>
              ${words.page.noise(percent.format(noiseReduction), told, changes)}
            </p>`
      }
      ${
        unsent.length === 0
          ? nothing
          : html`<details>
              <summary>${words.page.whyNot}</summary>
              <table>
                <thead>
                  <tr>
                    <th scope="col">${words.page.reason}</th>
                    <th scope="col" class="number">${words.page.count}</th>
                  </tr>
                </thead>
                <tbody>
                  ${unsent.map(
                    ({ reason, count }) =>
                      html`<tr>
                        <th scope="row">${words.reasons[reason] ?? reason}</th>
                        <td class="number">${count}</td>
                      </tr>`,
                  )}
                </tbody>
              </table>
            </details>`
      }
    </div>`;
  }
}
