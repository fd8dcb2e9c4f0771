import type { Answer } from '@tarsier/protocol/api';
import { css, html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { formatCount } from '../../chart/units.ts';
import { AskedController } from '../../controllers/asked.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { modelWords } from '../../i18n/models/words.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { resultStyles } from '../result.styles.ts';
import { tableStyles } from '../table.styles.ts';
import { whenReady } from '../when-ready.ts';

/** What a tenant may use and does. */
export type Usage = Answer<'GET /v1/limits'>;
type Limit = Usage['limits'][number];

const pollMs = 30_000;
/** From where on it is said that little is left. */
const muchUsed = 0.9;

/**
 * What the tenant may use, and how much of it it does: requests, samples, series, hosts, jobs, stored bytes.
 *
 * @csspart usage
 * @csspart limit
 */
export class TarsierUsage extends LitElement {
  static override styles = [
    tokens,
    base,
    resultStyles,
    tableStyles,
    css`
      meter {
        width: 120px;
        max-width: 30vw;
        margin-inline-end: 8px;
        vertical-align: middle;
      }
      .much {
        color: var(--_warning);
        font-weight: 600;
      }
    `,
  ];

  /** The title. */
  @property() label = '';
  /** Limits from elsewhere, in the place of a collector's. */
  @property({ attribute: false }) data: Usage | undefined;

  readonly #locale = new LocaleController(this, modelWords);
  readonly #usage = new AskedController<Usage>(
    this,
    () => (this.data === undefined ? '/v1/limits' : undefined),
    () => pollMs,
  );

  override render(): TemplateResult {
    const { words } = this.#locale;
    return this.data === undefined
      ? whenReady(this.#usage, words, (usage) => this.#show(usage))
      : this.#show(this.data);
  }

  #show({ tier, limits }: Usage): TemplateResult {
    const { usage: words } = this.#locale.words;
    return html`<section class="card result" part="usage" aria-labelledby="title">
      <h3 id="title">${this.label || words.title(tier)}</h3>
      ${
        limits.length === 0
          ? html`<p class="note">${words.none}</p>`
          : html`<div class="scroll" tabindex="0" role="region" aria-label=${words.label}>
              <table>
                <thead>
                  <tr>
                    ${[words.what, words.most, words.used, words.from].map((name) => html`<th scope="col">${name}</th>`)}
                  </tr>
                </thead>
                <tbody>
                  ${limits.map((limit) => this.#row(limit))}
                </tbody>
              </table>
            </div>`
      }
    </section>`;
  }

  #row({ name, key, value, used, source }: Limit): TemplateResult {
    const { usage: words } = this.#locale.words;
    const what = key === '' ? words.names[name] : words.ofKey(words.names[name], key);
    const isMuch = used !== null && used >= muchUsed * value;
    return html`<tr part="limit">
      <th scope="row">${what}</th>
      <td>${formatCount(value, this.#locale)}</td>
      <td>
        ${
          used === null
            ? '–'
            : html`<meter min="0" max=${value} value=${used} aria-label=${what}></meter
                ><span class=${isMuch ? 'much' : ''}
                  >${formatCount(used, this.#locale)}${isMuch ? `, ${words.nearly}` : ''}</span
                >`
        }
      </td>
      <td>${words.sources[source]}</td>
    </tr>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-usage': TarsierUsage;
  }
}
