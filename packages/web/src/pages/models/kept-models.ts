import type { Model } from '@tarsier/protocol/api';
import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { state } from 'lit/decorators.js';
import { formatAge } from '../../chart/age.ts';
import { formatValue } from '../../chart/units.ts';
import { asking } from '../../controllers/asked.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { modelWords } from '../../i18n/models/words.ts';
import { resultStyles } from '../../elements/result.styles.ts';
import { tableStyles } from '../../elements/table.styles.ts';
import { whenReady } from '../../elements/when-ready.ts';
import { base, tokens } from '../../styles/tokens.ts';

const pollMs = 15_000;

/** The models of the store, with their versions: one can be used in the place of another. */
export class KeptModels extends LitElement {
  static override styles = [tokens, base, resultStyles, tableStyles];

  @state() private opened: string | undefined;
  @state() private said = '';

  readonly #locale = new LocaleController(this, modelWords);
  readonly #models = asking(
    this,
    () => '/v1/models',
    () => pollMs,
  );
  readonly #versions = asking(
    this,
    () => (this.opened === undefined ? undefined : `/v1/models/${encodeURIComponent(this.opened)}`),
    () => pollMs,
  );

  override render(): TemplateResult {
    const { words } = this.#locale;
    return html`<section class="card result" aria-labelledby="title">
      <header>
        <h3 id="title">${words.page.kept}</h3>
        <span role="status">${this.said}</span>
      </header>
      ${whenReady(this.#models, words, ({ models }) => this.#list(models))}
    </section>`;
  }

  #list(models: readonly Model[]): TemplateResult {
    const { words } = this.#locale;
    if (models.length === 0) return html`<p class="note">${words.page.noModel}</p>`;
    return html`${models.map(
      (model) =>
        html`<details @toggle=${(event: Event) => this.#toggle(model.name, event)}>
          <summary><b>${model.name}</b> <span class="quiet">${model.kind}</span></summary>
          ${this.opened === model.name ? whenReady(this.#versions, words, ({ versions }, now) => this.#table(model.name, versions, now)) : nothing}
        </details>`,
    )}`;
  }

  #toggle(name: string, event: Event): void {
    const { open } = event.currentTarget as HTMLDetailsElement;
    if (open) this.opened = name;
    else if (this.opened === name) this.opened = undefined;
  }

  #table(name: string, versions: readonly Model[], now: number): TemplateResult {
    const { page: text } = this.#locale.words;
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${text.versionsOf(name)}>
        <table>
          <thead>
            <tr>
              ${[text.version, text.trained, text.quality, text.size, text.used].map(
                (head) => html`<th scope="col">${head}</th>`,
              )}
            </tr>
          </thead>
          <tbody>
            ${versions.map(
              ({ version, createdAt, metrics, bytes, isPromoted }) =>
                html`<tr>
                  <th scope="row">${version}</th>
                  <td>${formatAge(createdAt, now, this.#locale)}</td>
                  <td>
                    ${Object.entries(metrics)
                      .map(([metric, value]) => `${metric} ${formatValue(value, '', this.#locale)}`)
                      .join(', ')}
                  </td>
                  <td>${formatValue(bytes, 'bytes', this.#locale)}</td>
                  <td>
                    ${
                      isPromoted
                        ? html`<b>${text.used}</b>`
                        : html`<button
                            class="button"
                            type="button"
                            @click=${() => void this.#change(name, 'promote', { version })}
                          >
                            ${text.promote}
                          </button>`
                    }
                  </td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <div class="actions">
        <button class="button" type="button" @click=${() => void this.#change(name, 'rollback', {})}>
          ${text.rollBack}
        </button>
      </div>`;
  }

  async #change(name: string, action: 'promote' | 'rollback', body: unknown): Promise<void> {
    try {
      await this.#models.source?.api.send('POST', `/v1/models/${encodeURIComponent(name)}/${action}`, body);
      this.said = this.#locale.words.page.done;
    } catch (error) {
      this.said = error instanceof Error ? error.message : String(error);
    }
    this.#models.refresh();
    this.#versions.refresh();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-kept-models': KeptModels;
  }
}
