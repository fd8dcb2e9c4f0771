import type { OnCallResponse, Shift } from '@tarsier/protocol/api';
import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { formatTime } from '../../chart/age.ts';
import { AskedController } from '../../controllers/asked.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { alertWords } from '../../i18n/alerts/words.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { partStyles } from './part.styles.ts';

const pollMs = 60_000;

/** Who is on call now and next, in each rotation. */
export class AlertOnCall extends LitElement {
  static override styles = [tokens, base, partStyles];

  readonly #locale = new LocaleController(this, alertWords);
  readonly #onCall = new AskedController<OnCallResponse>(
    this,
    () => '/v1/on-call',
    () => pollMs,
  );

  override render(): TemplateResult {
    const { onCallPage: text, list } = this.#locale.words;
    const { state } = this.#onCall;
    if (state.kind === 'loading') return html`<p class="quiet" aria-busy="true">${list.loading}</p>`;
    if (state.kind === 'failed') {
      return html`<p class="card">${text.failed} ${state.error.message} <code>${state.error.code}</code></p>`;
    }
    const { rotations } = state.value;
    if (rotations.length === 0) return html`<p class="card">${text.none}</p>`;
    const moment = (at: number): string => formatTime(at, 'day', this.#locale);
    return html`<div class="card scroll" tabindex="0" role="region" aria-label=${this.#locale.words.page.onCall}>
      <table>
        <thead>
          <tr>
            <th scope="col">${text.rotation}</th>
            <th scope="col">${text.now}</th>
            <th scope="col">${text.next}</th>
          </tr>
        </thead>
        <tbody>
          ${rotations.map(
            ({ name, now, next }) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td>${this.#shift(now, (shift) => text.until(shift.person, moment(shift.to)))}</td>
                <td>${this.#shift(next, (shift) => text.from(shift.person, moment(shift.from)))}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  #shift(shift: Shift | null, say: (shift: Shift) => string): TemplateResult {
    const { onCallPage: text } = this.#locale.words;
    if (shift === null) return html`<span class="quiet">${text.nobody}</span>`;
    return html`${say(shift)}${shift.override === undefined ? nothing : html` <span class="quiet">(${text.override})</span>`}`;
  }
}
