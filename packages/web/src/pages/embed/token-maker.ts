import { css, html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { appWords } from '../../app/words/words.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { SourceController } from '../../controllers/source-context.ts';
import { enteredIn } from '../../data/entered.ts';
import { RequestError } from '../../data/rest.ts';
import { base, tokens } from '../../styles/tokens.ts';

/** Makes a view token to try an element with in a page: it shows these series, to that site, for minutes. */
export class TokenMaker extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      form {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr));
        align-items: end;
        gap: 10px;
      }
      label {
        display: grid;
        gap: 3px;
        font-size: 13px;
        color: var(--_text-quiet);
      }
      .field {
        min-width: 0;
        width: 100%;
      }
      pre {
        margin: 10px 0 0;
        padding: 12px 14px;
        border: 1px solid var(--_border);
        border-radius: 6px;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
    `,
  ];

  /** What the element shows, to begin with. */
  @property({ attribute: false }) selector = '';

  @state() private token = '';
  @state() private said = '';

  readonly #locale = new LocaleController(this, appWords);
  readonly #source = new SourceController(this, () => undefined);

  constructor() {
    super();
    this.addController(this.#source);
  }

  async #make(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const source = this.#source.value;
    const { selector = '', origin = '' } = enteredIn(event.target as HTMLFormElement);
    if (source === undefined) return;
    const { embed: text } = this.#locale.words;
    try {
      const body = { selectors: [selector], origins: [origin] };
      const { token, expiresAt } = await source.api.send('POST', '/v1/view-tokens', body);
      this.token = token;
      this.said = text.tokenMade(new Date(expiresAt).toLocaleTimeString(this.#locale.lang));
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.token = '';
      this.said = error.message;
    }
  }

  override render(): TemplateResult {
    const { embed: text } = this.#locale.words;
    return html`<form @submit=${(event: SubmitEvent) => void this.#make(event)}>
        <label>${text.tokenShows}<input class="field" name="selector" .value=${this.selector} required /></label>
        <label
          >${text.tokenSite}<input class="field" name="origin" placeholder="https://www.example.com" required
        /></label>
        <button class="button" type="submit">${text.makeToken}</button>
      </form>
      ${this.token === '' ? nothing : html`<pre tabindex="0" role="region" aria-label=${text.makeToken}>${this.token}</pre>`}
      <p role="status" class="quiet">${this.said}</p>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-token-maker': TokenMaker;
  }
}
