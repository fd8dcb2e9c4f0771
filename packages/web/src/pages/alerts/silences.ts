import type { Silence } from '@tarsier/protocol/api';
import { html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { state } from 'lit/decorators.js';
import { formatMoment } from '../../chart/age.ts';
import { AskedController } from '../../controllers/asked.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { RequestError } from '../../data/rest.ts';
import { alertWords } from '../../i18n/alerts/words.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { partStyles } from './part.styles.ts';

const pollMs = 30_000;
const hourMs = 3_600_000;

/** What nobody is told of for a while, or at recurring times. */
export class AlertSilences extends LitElement {
  static override styles = [tokens, base, partStyles];

  @state() private said = '';

  readonly #locale = new LocaleController(this, alertWords);
  readonly #silences = new AskedController<{ readonly silences: readonly Silence[] }>(
    this,
    () => '/v1/silences?limit=1000',
    () => pollMs,
  );

  override render(): TemplateResult {
    const { silences: text, list } = this.#locale.words;
    const { state: asked, source } = this.#silences;
    if (asked.kind === 'loading') return html`<p class="quiet" aria-busy="true">${list.loading}</p>`;
    if (asked.kind === 'failed') {
      return html`<p class="card">${text.failed} ${asked.error.message} <code>${asked.error.code}</code></p>`;
    }
    const now = source?.now() ?? Date.now();
    const inForce = asked.value.silences.filter(({ endsAt }) => endsAt === undefined || endsAt > now);
    return html`<section class="card">
        ${inForce.length === 0 ? html`<p>${text.none}</p>` : this.#table(inForce, now)}
        <p role="status" class="said">${this.said}</p>
      </section>
      <details class="card">
        <summary>${text.add}</summary>
        ${this.#form()}
      </details>`;
  }

  #table(silences: readonly Silence[], now: number): TemplateResult {
    const { silences: text } = this.#locale.words;
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${this.#locale.words.page.silences}>
      <table>
        <thead>
          <tr>
            <th scope="col">${text.matchers}</th>
            <th scope="col">${text.until}</th>
            <th scope="col">${text.by}</th>
            <th scope="col">${text.comment}</th>
            <td></td>
          </tr>
        </thead>
        <tbody>
          ${silences.map((silence) => {
            const what = silence.matchers.join(', ');
            return html`<tr>
              <th scope="row"><code>${what}</code></th>
              <td>${this.#until(silence, now)}</td>
              <td>${silence.createdBy}</td>
              <td>${silence.comment}</td>
              <td class="actions">
                <button
                  class="button"
                  type="button"
                  aria-label=${text.endLabel(what)}
                  @click=${() => void this.#send('DELETE', `/v1/silences/${encodeURIComponent(silence.id)}`, undefined, text.ended)}
                >
                  ${text.end}
                </button>
              </td>
            </tr>`;
          })}
        </tbody>
      </table>
    </div>`;
  }

  #until({ endsAt, recurring }: Silence, now: number): string {
    const { silences: text } = this.#locale.words;
    const end = endsAt === undefined ? text.always : text.ends(formatMoment(endsAt, now, this.#locale));
    if (recurring === undefined) return end;
    const times = recurring.times.map(
      ({ days, from, to }) => `${days.length === 7 ? '' : `${days.join(' ')} `}${from}–${to}`,
    );
    return `${text.recurring(recurring.timeZone, times.join(', '))}${endsAt === undefined ? '' : `, ${end}`}`;
  }

  #form(): TemplateResult {
    const { silences: text } = this.#locale.words;
    return html`<form @submit=${(event: SubmitEvent) => void this.#add(event)}>
      <label>
        ${text.matchers}
        <textarea class="field" name="matchers" rows="2" required aria-describedby="matchers-help"></textarea>
      </label>
      <span id="matchers-help" class="quiet">${text.matchersHelp}</span>
      <label>
        ${text.hours}
        <input class="field" name="hours" type="number" min="0.1" max="8760" step="any" value="2" required />
      </label>
      <label>
        ${text.comment}
        <input class="field" name="comment" maxlength="2000" />
      </label>
      <button class="button" type="submit">${text.create}</button>
    </form>`;
  }

  async #add(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    const entered = new FormData(form);
    const field = (name: string): string => {
      const value = entered.get(name);
      return typeof value === 'string' ? value.trim() : '';
    };
    const now = this.#silences.source?.now() ?? Date.now();
    const body = {
      matchers: field('matchers')
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean),
      comment: field('comment'),
      endsAt: Math.round(now + Number(field('hours')) * hourMs),
    };
    if (await this.#send('POST', '/v1/silences', body, this.#locale.words.silences.made)) form.reset();
  }

  async #send(method: 'POST' | 'DELETE', path: string, body: object | undefined, done: string): Promise<boolean> {
    try {
      await this.#silences.source?.api.send(method, path, body);
      this.said = done;
      this.#silences.refresh();
      return true;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.said = this.#locale.words.failed(error.message);
      return false;
    }
  }
}
