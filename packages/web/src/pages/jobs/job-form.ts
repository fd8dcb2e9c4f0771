import type { QuoteResponse } from '@tarsier/protocol/api';
import { css, html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { state } from 'lit/decorators.js';
import { formatMoment } from '../../chart/age.ts';
import { formatUsdText } from '../../chart/money.ts';
import { asking } from '../../controllers/asked.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { modelWords } from '../../i18n/models/words.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { examplePayload } from './example-payload.ts';

interface ListedType {
  readonly name: string;
  readonly summary: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

const typesMs = 600_000;

/**
 * Submits a job, after it has said what that would cost.
 *
 * @fires tarsier-submitted - `detail.job` is its id
 */
export class JobForm extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      details {
        padding: 12px 16px;
      }
      summary {
        min-height: 24px;
        cursor: pointer;
        font-weight: 500;
      }
      form {
        display: grid;
        gap: 10px;
        max-width: 640px;
        margin-top: 10px;
      }
      label {
        display: grid;
        gap: 4px;
        font-size: 13px;
      }
      textarea {
        min-height: 96px;
        font-family: var(--_font-mono);
        font-size: 13px;
      }
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
      }
    `,
  ];

  @state() private chosen = '';
  @state() private text: string | undefined;
  @state() private quote: QuoteResponse | undefined;
  @state() private said = '';

  readonly #locale = new LocaleController(this, modelWords);
  readonly #types = asking(
    this,
    () => '/v1/jobs/types',
    () => typesMs,
  );

  get #type(): ListedType | undefined {
    const { state: asked } = this.#types;
    const types = asked.kind === 'ready' ? asked.value.types : [];
    return types.find(({ name }) => name === this.chosen) ?? types[0];
  }

  get #payloadText(): string {
    const example = this.#type === undefined ? {} : examplePayload(this.#type.payload);
    return this.text ?? JSON.stringify(example, undefined, 2);
  }

  override render(): TemplateResult | typeof nothing {
    const { page: text } = this.#locale.words;
    const { state: asked } = this.#types;
    if (asked.kind !== 'ready') return nothing;
    const { quote } = this;
    const now = this.#types.source?.now() ?? Date.now();
    return html`<details class="card">
      <summary>${text.submit}</summary>
      <form @submit=${(event: SubmitEvent) => void this.#submit(event)}>
        <label
          >${text.kind}
          <select class="field" @change=${(event: Event) => this.#choose((event.target as HTMLSelectElement).value)}>
            ${asked.value.types.map(
              ({ name }) => html`<option .value=${name} ?selected=${name === this.#type?.name}>${name}</option>`,
            )}
          </select>
        </label>
        <p class="quiet">${this.#type?.summary}</p>
        <label
          >${text.payload}
          <textarea
            class="field"
            spellcheck="false"
            .value=${this.#payloadText}
            @input=${(event: InputEvent) => this.#edit((event.target as HTMLTextAreaElement).value)}
          ></textarea>
        </label>
        <div class="actions">
          <button class="button" type="button" @click=${() => void this.#ask()}>${text.quote}</button>
          <button class="button" type="submit">${text.send}</button>
        </div>
        <p role="status">
          ${this.said}
          ${
            quote === undefined
              ? nothing
              : html`${text.quoted(formatUsdText(quote.cost, this.#locale), quote.arithmetic)}
                ${text.basedOn(quote.basedOnRuns)}
                ${quote.expectedStart === undefined ? nothing : text.startsAt(formatMoment(quote.expectedStart, now, this.#locale))}
                ${quote.waitsFor.join(' ')}`
          }
        </p>
      </form>
    </details>`;
  }

  #choose(name: string): void {
    this.chosen = name;
    this.text = undefined;
    this.quote = undefined;
    this.said = '';
  }

  #edit(text: string): void {
    this.text = text;
    this.quote = undefined;
    this.said = '';
  }

  /** @returns undefined, and says so, when it is no object */
  #payload(): Record<string, unknown> | undefined {
    try {
      const payload: unknown = JSON.parse(this.#payloadText);
      // An object that came from JSON has nothing but keys and values.
      if (typeof payload === 'object' && payload !== null && !Array.isArray(payload)) return { ...payload };
    } catch {
      // Said below, as for what is no object.
    }
    this.said = this.#locale.words.page.notJson;
    return undefined;
  }

  async #ask(): Promise<void> {
    this.quote = undefined;
    const answer = await this.#send('/v1/jobs/quote', '');
    // The collector's own answer, checked where it was made.
    if (answer !== undefined) this.quote = answer as QuoteResponse;
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    this.quote = undefined;
    const answer = await this.#send('/v1/jobs', this.#locale.words.page.submitted);
    if (answer !== undefined) this.dispatchEvent(new CustomEvent('tarsier-submitted', { detail: answer }));
  }

  async #send(path: string, done: string): Promise<unknown> {
    const payload = this.#payload();
    if (payload === undefined) return undefined;
    try {
      const answer = await this.#types.source?.api.send('POST', path, { type: this.#type?.name, payload });
      this.said = done;
      return answer;
    } catch (error) {
      this.said = error instanceof Error ? error.message : String(error);
      return undefined;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-job-form': JobForm;
  }
}
