import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { SettingsSection } from './section.ts';

/** Which other sites' pages may ask for the tenant's data. */
export class SettingsOrigins extends SettingsSection {
  readonly #origins = this.ask(() => '/v1/cors-origins');

  override render(): TemplateResult {
    const { origins: words } = this.locale.words;
    return this.whenReady(
      this.#origins,
      ({ origins }) =>
        html`<section class="card" aria-labelledby="origins">
          <h2 id="origins">${words.title}</h2>
          <p class="quiet">${words.help}</p>
          ${
            origins.length === 0
              ? html`<p>${words.none}</p>`
              : this.table(
                  words.title,
                  [words.origin, ''],
                  origins.map((origin) => [
                    html`<code>${origin}</code>`,
                    this.button(
                      words.remove,
                      () => this.#set(origins.filter((one) => one !== origin)),
                      words.removeLabel(origin),
                    ),
                  ]),
                )
          }
          ${this.form(
            this.field(words.origin, 'origin', { type: 'url', placeholder: 'https://status.example.com' }),
            words.add,
            ({ origin = '' }) => this.#set([...new Set([...origins, origin.replace(/\/$/u, '')])]),
          )}
        </section>`,
    );
  }

  #set(origins: readonly string[]): Promise<unknown> {
    const { origins: words } = this.locale.words;
    return this.change(this.#origins, ['PUT', '/v1/cors-origins', { origins }], words.saved);
  }
}
