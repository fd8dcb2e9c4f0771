import { html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { PageElement } from '../../app/pages.ts';
import { languages, themes } from '../../app/preferences.ts';
import type { Preferences } from '../../app/preferences.ts';
import type { Route } from '../../app/route.ts';
import { appWords } from '../../app/words/words.ts';
import { LocaleController } from '../../controllers/locale.ts';
import type { Store } from '../../data/store.ts';
import { choice } from '../../elements/fields/choice.ts';
import { isTimeZone } from '../../i18n/locale.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { sectionStyles } from './section.styles.ts';

/** The viewer's own choices, kept in the browser. */
export class SettingsDisplay extends LitElement implements PageElement {
  static override styles = [tokens, base, sectionStyles];

  @property({ attribute: false }) route: Route | undefined;
  @property({ attribute: false }) preferences: Store<Preferences> | undefined;

  readonly #locale = new LocaleController(this, appWords);
  #unfollow: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unfollow = this.preferences?.subscribe(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unfollow?.();
  }

  #choose(chosen: Partial<Preferences>): void {
    const { preferences } = this;
    preferences?.set({ ...preferences.value, ...chosen });
  }

  override render(): TemplateResult {
    const { settings, themes: themeWords, languages: languageWords } = this.#locale.words;
    const { theme, language, timeZone } = this.preferences?.value ?? { theme: 'system', language: '', timeZone: '' };
    const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    const zones = ['', 'UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];
    return html`<section class="card fields">
      ${choice(settings.theme, themes, theme, themeWords, (value) => this.#choose({ theme: value }))}
      ${choice(settings.language, languages, language, languageWords, (value) => this.#choose({ language: value }))}
      <label
        >${settings.timeZone}
        <select
          class="field"
          @change=${(event: Event) => {
            const { value } = event.target as HTMLSelectElement;
            if (value === '' || isTimeZone(value)) this.#choose({ timeZone: value });
          }}
        >
          ${repeat(
            zones,
            (zone) => zone,
            (zone) =>
              html`<option value=${zone} ?selected=${zone === timeZone}>
                ${zone === '' ? settings.browserZone(own) : zone.replaceAll('_', ' ')}
              </option>`,
          )}
        </select>
      </label>
      <p class="quiet">${settings.kept}</p>
    </section>`;
  }
}
