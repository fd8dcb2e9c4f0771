import type { Silence } from '@tarsier/protocol/api';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { formatMoment } from '../../chart/age.ts';
import { asking } from '../../controllers/asked.ts';
import type { DataSource } from '../../data/source.ts';
import { EditingPart } from './edit/editing-part.ts';
import { area, Entered, hours, input, ownTimeZone } from './edit/inputs.ts';

const pollMs = 30_000;
const hourMs = 3_600_000;
const path = '/v1/silences';

/** What nobody is told of for a while, or at recurring times. */
export class AlertSilences extends EditingPart {
  readonly #silences = asking(
    this,
    () => `${path}?limit=1000`,
    () => pollMs,
  );

  protected override get source(): DataSource | undefined {
    return this.#silences.source;
  }

  protected override refresh(): void {
    this.#silences.refresh();
  }

  override render(): TemplateResult {
    const { silences: text } = this.locale.words;
    const { state: asked, source } = this.#silences;
    if (asked.kind !== 'ready') return html`${this.waiting(asked)}`;
    const now = source?.now() ?? Date.now();
    const inForce = asked.value.silences.filter(({ endsAt }) => endsAt === undefined || endsAt > now);
    return html`<section class="card" aria-labelledby="silences">
        <h2 id="silences">${this.locale.words.page.silences}</h2>
        ${inForce.length === 0 ? html`<p class="quiet">${text.none}</p>` : nothing}
        <ul class="tree">
          ${inForce.map((silence) => this.#branch(silence, now))}
        </ul>
      </section>
      ${this.status()}
      <details class="card">
        <summary>${text.add}</summary>
        ${this.#form()}
      </details>
      <section>
        <details class="card">
          <summary>${this.policies.words.window.new}</summary>
          ${this.#windowForm()}
        </details>
      </section>`;
  }

  #branch(silence: Silence, now: number): TemplateResult {
    const { silences: text } = this.locale.words;
    const { id, matchers, createdBy, comment, from } = silence;
    const what = matchers.join(', ');
    const of = `${path}/${encodeURIComponent(id)}`;
    return html`<li class="branch">
      <code>${what}</code>
      <p>${this.#until(silence, now)}</p>
      ${createdBy === '' && comment === '' ? nothing : html`<p class="quiet">${text.byWhy(createdBy, comment)}</p>`}
      ${
        from === undefined
          ? html`<p class="form-buttons">
              <button
                class="button"
                type="button"
                aria-label=${text.endLabel(what)}
                @click=${() => void this.change({ method: 'DELETE', path: of, done: text.ended })}
              >
                ${text.end}
              </button>
            </p>`
          : html`<p class="quiet">${text.elsewhere(from)}</p>`
      }
    </li>`;
  }

  #until({ endsAt, recurring }: Silence, now: number): string {
    const { silences: text } = this.locale.words;
    const end = endsAt === undefined ? text.always : text.ends(formatMoment(endsAt, now, this.locale));
    if (recurring === undefined) return end;
    return `${text.recurring(recurring.timeZone, this.timesInWords(recurring.times))}${endsAt === undefined ? '' : `, ${end}`}`;
  }

  #form(): TemplateResult {
    const { silences: text } = this.locale.words;
    return html`<form @submit=${(event: SubmitEvent) => void this.#add(event)}>
      ${area('matchers', text.matchers, '', text.matchersHelp, true)}
      ${input('hours', text.hours, { type: 'number', min: 0.1, max: 8760, step: 'any', value: 2 })}
      ${input('comment', text.comment, { optional: true })}
      <button class="button" type="submit">${text.create}</button>
    </form>`;
  }

  #windowForm(): TemplateResult {
    const { silences: text } = this.locale.words;
    const { window: words } = this.policies.words;
    return html`<form @submit=${(event: SubmitEvent) => void this.#add(event)}>
      ${area('matchers', words.what, '', undefined, true)}
      <span class="quiet">${text.matchersHelp}</span>
      ${hours(this.policies.words, { timeZone: ownTimeZone(), days: ['sun'], from: '22:00', to: '06:00' })}
      ${input('comment', words.comment, { optional: true })}
      <button class="button" type="submit">${words.save}</button>
    </form>`;
  }

  async #add(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    const entered = new Entered(form);
    const recurring = entered.has('timeZone') ? entered.calendar() : undefined;
    const now = this.source?.now() ?? Date.now();
    const body = {
      matchers: entered.parts('matchers', '\n'),
      comment: entered.text('comment'),
      ...(recurring === undefined ? { endsAt: Math.round(now + entered.number('hours') * hourMs) } : { recurring }),
    };
    const done = recurring === undefined ? this.locale.words.silences.made : this.policies.words.window.made;
    if (await this.change({ method: 'POST', path, body, done })) form.reset();
  }
}
