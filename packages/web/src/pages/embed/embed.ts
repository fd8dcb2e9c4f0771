import { elements as embeddable, type ElementKind } from '@tarsier/protocol/elements';
import { html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import type { PageElement } from '../../app/pages.ts';
import { routeHash } from '../../app/route.ts';
import type { Route } from '../../app/route.ts';
import { appWords } from '../../app/words/words.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { define } from '../../define.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { ElementFrame } from '../element-frame.ts';
import { pageStyles } from '../page.styles.ts';
import { styles } from './embed.styles.ts';
import { TokenMaker } from './token-maker.ts';
import { policy, snippet } from './snippet.ts';

const [chart] = embeddable;
const example: Readonly<Record<string, string>> = { label: 'CPU', query: 'cpu_busy_ratio{cpu="all"}', range: '15m' };

/** Chooses an element, shows it as it will be, and gives the lines to copy. */
export class EmbedPage extends LitElement implements PageElement {
  static override styles = [tokens, base, pageStyles, styles];

  @property({ attribute: false }) route: Route | undefined;

  @state() private copied = false;

  readonly #locale = new LocaleController(this, appWords);

  get #chosen(): ElementKind {
    return embeddable.find(({ tag }) => tag === this.route?.parameters['element']) ?? chart;
  }

  get #attributes(): Readonly<Record<string, string>> {
    const given = this.route?.parameters ?? {};
    const named = 'element' in given ? given : { ...example, ...given };
    return Object.fromEntries(this.#chosen.attributes.map((name) => [name, named[name] ?? '']));
  }

  /** Series of which a token would have to be. */
  get #shows(): string {
    const { query = '', selector = '', host = '' } = this.#attributes;
    return query || selector || (host === '' ? '' : `{host=${JSON.stringify(host)}}`);
  }

  #go(change: Readonly<Record<string, string>>): void {
    this.copied = false;
    const parameters = { ...this.#attributes, element: this.#chosen.tag, ...change };
    location.hash = routeHash({ page: 'embed', parameters });
  }

  override connectedCallback(): void {
    define([
      ['tarsier-element-frame', ElementFrame],
      ['tarsier-token-maker', TokenMaker],
    ]);
    super.connectedCallback();
  }

  async #copy(text: string): Promise<void> {
    await navigator.clipboard.writeText(text).catch(() => undefined);
    this.copied = true;
  }

  override render(): TemplateResult {
    const { embed: text, pages } = this.#locale.words;
    const chosen = this.#chosen;
    const lines = snippet(location.origin, chosen.tag, this.#attributes);
    return html`<h1>${pages.embed}</h1>
      <p class="quiet">${text.intro}</p>
      <div class="builder">
        <form class="card" @submit=${(event: SubmitEvent) => event.preventDefault()}>
          <label
            >${text.element}
            <select
              class="field"
              @change=${(event: Event) =>
                this.#go({ element: embeddable[(event.target as HTMLSelectElement).selectedIndex]?.tag ?? chart.tag })}
            >
              ${embeddable.map(({ tag }) => html`<option ?selected=${tag === chosen.tag}>${tag}</option>`)}
            </select>
          </label>
          ${Object.entries(this.#attributes).map(
            ([name, value]) =>
              html`<label
                ><code>${name}</code>
                <input
                  class="field"
                  .value=${value}
                  @change=${(event: Event) => this.#go({ [name]: (event.target as HTMLInputElement).value })}
                />
              </label>`,
          )}
        </form>
        <section aria-labelledby="preview">
          <h2 id="preview">${text.preview}</h2>
          <tarsier-element-frame
            class="preview"
            .element=${chosen.tag}
            .given=${this.#attributes}
          ></tarsier-element-frame>
        </section>
      </div>
      <section class="card lines" aria-labelledby="lines">
        <h2 id="lines">${text.lines}</h2>
        <pre tabindex="0" role="region" aria-label="HTML"><code>${lines}</code></pre>
        <button class="button" type="button" @click=${() => void this.#copy(lines)}>
          ${this.copied ? text.copied : text.copy}
        </button>
        <p class="quiet">${text.token}</p>
        <tarsier-token-maker .selector=${this.#shows}></tarsier-token-maker>
        <p class="quiet">${text.policy} <code>${policy(location.origin)}</code></p>
      </section>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-embed-page': EmbedPage;
  }
}
