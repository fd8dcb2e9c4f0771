import type { AnswerAt } from '@tarsier/protocol/client';
import { html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import type { PageElement } from '../../app/pages.ts';
import type { Route } from '../../app/route.ts';
import { formatMoment } from '../../chart/age.ts';
import { asking, type AskedController } from '../../controllers/asked.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { enteredIn } from '../../data/entered.ts';
import { RequestError } from '../../data/rest.ts';
import { settingsWords } from '../../i18n/settings/words.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { sectionStyles } from './section.styles.ts';

const pollMs = 60_000;
type Method = 'POST' | 'PUT' | 'DELETE';

/** What a part of the settings is made of: something that was asked for, what can be changed, and what came of that. */
export abstract class SettingsSection extends LitElement implements PageElement {
  static override styles = [tokens, base, sectionStyles];

  @property({ attribute: false }) route: Route | undefined;

  /** What came of the last change. */
  @state() protected said = '';
  /** A secret that is shown once. */
  @state() protected secret = '';

  protected readonly locale = new LocaleController(this, settingsWords);

  /** Asks for something now and each minute. */
  protected ask<const P extends string>(path: () => P | undefined): AskedController<AnswerAt<'GET', P>> {
    return asking(this, path, () => pollMs);
  }

  /** @returns the answer; undefined when it was refused, which is said then */
  protected async change<const M extends Method, const P extends string>(
    asked: Pick<AskedController<unknown>, 'source' | 'refresh'>,
    [method, path, body]: readonly [M, P, object?],
    done: string,
  ): Promise<{ readonly answer: AnswerAt<M, P> } | undefined> {
    const { source } = asked;
    if (source === undefined) return undefined;
    try {
      const answer = await source.api.send(method, path, body);
      this.said = done;
      asked.refresh();
      return { answer };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.said = this.locale.words.refused(error.message);
      return undefined;
    }
  }

  /** What was asked for, or that it is not there (yet). */
  protected whenReady<T>(asked: AskedController<T>, show: (value: T) => TemplateResult): TemplateResult {
    const { state: is } = asked;
    const { words } = this.locale;
    if (is.kind === 'loading') return html`<p class="quiet" aria-busy="true">${words.loading}</p>`;
    if (is.kind === 'failed') {
      return html`<p class="card">${words.refused(is.error.message)} <code>${is.error.code}</code></p>`;
    }
    return html`${show(is.value)}
      <p role="status" class="said">${this.said}</p>`;
  }

  protected when(at: number | null | undefined): string {
    return at === null || at === undefined ? '–' : formatMoment(at, Date.now(), this.locale);
  }

  protected table(
    label: string,
    heads: readonly string[],
    rows: readonly (readonly (TemplateResult | string)[])[],
  ): TemplateResult {
    return html`<div class="scroll" tabindex="0" role="group" aria-label=${label}>
      <table>
        <thead>
          <tr>
            ${heads.map((head) => (head === '' ? html`<td></td>` : html`<th scope="col">${head}</th>`))}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (cells) =>
              html`<tr>
                ${cells.map((cell, i) =>
                  i === 0
                    ? html`<th scope="row">${cell}</th>`
                    : html`<td class=${heads[i] === '' ? 'actions' : ''}>${cell}</td>`,
                )}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  protected button(text: string, act: () => unknown, label: string = text): TemplateResult {
    return html`<button class="button" type="button" aria-label=${label} @click=${() => void act()}>${text}</button> `;
  }

  /** A field of a form. */
  protected field(label: string, name: string, attributes: Partial<HTMLInputElement> = {}): TemplateResult {
    const { type = 'text', value = '', required = true, autocomplete = 'off', min = '', placeholder = '' } = attributes;
    return html`<label
      >${label}
      <input
        class="field"
        name=${name}
        type=${type}
        .value=${value}
        ?required=${required}
        autocomplete=${autocomplete}
        min=${min}
        step="any"
        placeholder=${placeholder}
      />
    </label>`;
  }

  protected choice(label: string, name: string, values: readonly string[], chosen?: string): TemplateResult {
    return html`<label
      >${label}
      <select class="field" name=${name}>
        ${values.map((value) => html`<option ?selected=${value === chosen}>${value}</option>`)}
      </select>
    </label>`;
  }

  /** @param act  gets what was entered. @returns whether the form is to be emptied */
  protected form(
    fields: TemplateResult,
    submit: string,
    act: (entered: Readonly<Record<string, string>>) => Promise<unknown>,
  ): TemplateResult {
    const submitted = async (event: SubmitEvent): Promise<void> => {
      event.preventDefault();
      const form = event.target as HTMLFormElement;
      const texts = Object.entries(enteredIn(form)).map(([name, text]) => [name, text.trim()]);
      const entered: Record<string, string> = Object.fromEntries(texts);
      if ((await act(entered)) !== undefined) form.reset();
    };
    return html`<form @submit=${(event: SubmitEvent) => void submitted(event)}>
      ${fields}
      <button class="button" type="submit">${submit}</button>
    </form>`;
  }

  protected shownOnce(): TemplateResult {
    const { words } = this.locale;
    return html`<section class="card" aria-labelledby="once">
      <h2 id="once">${words.shownOnce}</h2>
      <pre>${this.secret}</pre>
      <p>
        ${this.button(words.copy, async () => {
          await navigator.clipboard.writeText(this.secret).catch(() => undefined);
          this.said = words.copied;
        })}
        ${this.button(words.hide, () => (this.secret = ''))}
      </p>
    </section>`;
  }
}
