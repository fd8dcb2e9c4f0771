import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { PageElement } from '../../app/pages.ts';
import { languages, themes } from '../../app/preferences.ts';
import type { Preferences } from '../../app/preferences.ts';
import type { Route } from '../../app/route.ts';
import { appWords } from '../../app/words/words.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { SourceController } from '../../controllers/source-context.ts';
import type { DataSource } from '../../data/source.ts';
import type { Store } from '../../data/store.ts';
import { choice } from '../../elements/fields/choice.ts';
import { isTimeZone } from '../../i18n/locale.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { pageStyles } from '../page.styles.ts';
import { styles } from './settings.styles.ts';

/** The viewer's own choices, and who is signed in. */
export class SettingsPage extends LitElement implements PageElement {
  static override styles = [tokens, base, pageStyles, styles];

  @property({ attribute: false }) route: Route | undefined;
  @property({ attribute: false }) preferences: Store<Preferences> | undefined;

  @state() private session: { readonly tenant: string; readonly scope: string } | undefined;

  readonly #locale = new LocaleController(this, appWords);
  readonly #source = new SourceController(this, (source) => void this.#load(source));
  #unfollow: (() => void) | undefined;

  constructor() {
    super();
    this.addController(this.#source);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unfollow = this.preferences?.subscribe(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unfollow?.();
  }

  async #load(source: DataSource | undefined): Promise<void> {
    try {
      // The collector's own answer, checked where it was made.
      this.session = (await source?.api.get('/v1/session')) as typeof this.session;
    } catch {
      // The shell says that one is signed out.
      this.session = undefined;
    }
  }

  #choose(choice: Partial<Preferences>): void {
    const { preferences } = this;
    preferences?.set({ ...preferences.value, ...choice });
  }

  async #signOut(): Promise<void> {
    await this.#source.value?.api.send('DELETE', '/v1/session');
    location.reload();
  }

  override render(): TemplateResult {
    const { settings, themes: themeWords, languages: languageWords } = this.#locale.words;
    const { theme, language, timeZone } = this.preferences?.value ?? { theme: 'system', language: '', timeZone: '' };
    const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    const zones = ['', 'UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];
    return html`<h1>${settings.title}</h1>
      <section class="card choices">
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
      </section>
      ${
        this.session === undefined
          ? nothing
          : html`<section class="card choices" aria-labelledby="session">
              <h2 id="session">${settings.session}</h2>
              <p>${settings.signedInAs(this.session.tenant, this.session.scope)}</p>
              <p>
                <button class="button" type="button" @click=${() => void this.#signOut()}>${settings.signOut}</button>
              </p>
            </section>`
      }`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-settings-page': SettingsPage;
  }
}
