import type { LabTrial } from '@tarsier/protocol/api';
import { css, html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { incidentHash } from '../../app/route.ts';
import { appWords } from '../../app/words/words.ts';
import { formatTime } from '../../chart/age.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { alertWords } from '../../i18n/alerts/words.ts';
import { icons } from '../../styles/icons.ts';
import { base, tokens } from '../../styles/tokens.ts';

/** A place of the slider was chosen: the trial that it stands for. */
export type TrialChosen = CustomEvent<LabTrial>;

/**
 * What a rule would have told over the past, for one bound of several, between which one slides.
 *
 * @fires trial-chosen  with the {@link LabTrial} of the place that the slider was moved to
 */
export class LabResult extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 8px;
        margin-top: 14px;
      }
      label {
        display: grid;
        gap: 4px;
        color: var(--_text-quiet);
        font-size: 13px;
      }
      input {
        width: 100%;
        max-width: 480px;
        min-height: 24px;
        accent-color: var(--_accent);
      }
      output {
        color: var(--_text);
        font-weight: 600;
      }
      .sum {
        font-weight: 600;
      }
      ol {
        display: grid;
        gap: 6px;
        max-height: 320px;
        margin: 0;
        padding: 0;
        overflow-y: auto;
        list-style: none;
      }
      li {
        display: flex;
        flex-wrap: wrap;
        gap: 2px 10px;
        align-items: baseline;
      }
      .why {
        flex-basis: 100%;
        color: var(--_text-quiet);
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) trials: readonly LabTrial[] = [];
  /** In front of the bound: `>`. */
  @property() op = '>';
  /** The bound that the slider stands at. */
  @property({ attribute: false }) value: number | undefined;

  readonly #locale = new LocaleController(this, appWords);
  readonly #alerts = new LocaleController(this, alertWords);

  #choose(event: InputEvent): void {
    const trial = this.trials[(event.target as HTMLInputElement).valueAsNumber];
    if (trial !== undefined) this.dispatchEvent(new CustomEvent('trial-chosen', { detail: trial }));
  }

  #slider(at: number, bound: string): TemplateResult {
    return html`<label>
      ${this.#locale.words.rules.trialed}
      <input
        type="range"
        min="0"
        max=${this.trials.length - 1}
        .value=${String(at)}
        aria-valuetext=${bound}
        @input=${(event: InputEvent) => this.#choose(event)}
      />
      <output>${bound}</output>
    </label>`;
  }

  override render(): TemplateResult | typeof nothing {
    const { rules: text } = this.#locale.words;
    const at = Math.max(
      0,
      this.trials.findIndex(({ value }) => value === this.value),
    );
    const trial = this.trials[at];
    if (trial === undefined) return nothing;
    const number = new Intl.NumberFormat(this.#locale.lang, { maximumSignificantDigits: 6 });
    const bound = `${this.op} ${number.format(trial.value ?? Number.NaN)}`;
    const { pages, pagesInRealIncidents, missedIncidents, unsent } = trial;
    const held = unsent.map(({ reason, count }) => `${count} ${this.#alerts.words.reasons[reason] ?? reason}`);
    return html`${trial.value === undefined ? nothing : this.#slider(at, bound)}
      <p class="sum" role="status">${text.pages(pages.length, pagesInRealIncidents)}</p>
      <p class="quiet">${text.alertsIn(trial.fired, trial.incidents)}</p>
      ${
        missedIncidents.length === 0
          ? nothing
          : html`<p>
              ${text.missed(missedIncidents.length)}
              ${missedIncidents.map((id, index) => html`<a href=${incidentHash(id)}>${text.incident(index + 1)}</a> `)}
            </p>`
      }
      ${held.length === 0 ? nothing : html`<p class="quiet">${text.notTold(held.join(', '))}</p>`}
      ${
        pages.length === 0
          ? nothing
          : html`<ol tabindex="0" aria-label=${text.told}>
              ${pages.map(
                (page) =>
                  html`<li>
                    ${icons[page.severity]}
                    <time datetime=${new Date(page.at).toISOString()}>${formatTime(page.at, 'day', this.#locale)}</time>
                    <span>${page.title}</span>
                    ${
                      page.realIncident === undefined
                        ? nothing
                        : html`<a href=${incidentHash(page.realIncident)}>${text.real}</a>`
                    }
                    <span class="why">${page.why}</span>
                  </li>`,
              )}
            </ol>`
      }`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-lab-result': LabResult;
  }
}
