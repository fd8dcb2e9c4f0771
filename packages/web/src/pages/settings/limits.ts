import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { SettingsSection } from './section.ts';

/** What the tenant may use, and how much of it it does; and which other sites may ask. */
export class SettingsLimits extends SettingsSection {
  readonly #limits = this.ask(() => '/v1/limits');

  override render(): TemplateResult {
    const { limits: words } = this.locale.words;
    const format = new Intl.NumberFormat(this.locale.lang);
    return this.whenReady(
      this.#limits,
      ({ tier, limits }) =>
        html`<section class="card" aria-labelledby="limits">
          <h2 id="limits">${words.title(tier)}</h2>
          ${
            limits.length === 0
              ? html`<p>${words.none}</p>`
              : this.table(
                  words.label,
                  [words.what, words.most, words.used, words.from],
                  limits.map(({ name, key, value, unit, used, source }) => [
                    key === '' ? unit : words.ofKey(unit, key),
                    format.format(value),
                    used === null ? '–' : this.#used(name, used, value, format),
                    words.sources[source],
                  ]),
                )
          }
        </section>`,
    );
  }

  #used(name: string, used: number, most: number, format: Intl.NumberFormat): TemplateResult {
    return html`<meter min="0" max=${most} value=${used} aria-label=${name}></meter> ${format.format(used)}`;
  }
}
