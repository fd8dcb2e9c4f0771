import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import type { PageElement } from '../../app/pages.ts';
import type { Preferences } from '../../app/preferences.ts';
import { routeHash } from '../../app/route.ts';
import type { Route } from '../../app/route.ts';
import { appWords } from '../../app/words/words.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { SourceController } from '../../controllers/source-context.ts';
import type { DataSource } from '../../data/source.ts';
import type { Store } from '../../data/store.ts';
import { define } from '../../define.ts';
import { settingsWords } from '../../i18n/settings/words.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { pageStyles } from '../page.styles.ts';
import { sections, type Section, type Session } from './sections.ts';
import { styles } from './settings.styles.ts';

/** Everything that can be set, one part at a time. */
export class SettingsPage extends LitElement implements PageElement {
  static override styles = [tokens, base, pageStyles, styles];

  @property({ attribute: false }) route: Route | undefined;
  @property({ attribute: false }) preferences: Store<Preferences> | undefined;

  @state() private session: Session | undefined;
  @state() private shown: { readonly section: Section; readonly element: PageElement } | undefined;
  @state() private isFailed = false;

  readonly #locale = new LocaleController(this, appWords);
  readonly #words = new LocaleController(this, settingsWords);
  readonly #source = new SourceController(this, (source) => void this.#load(source));
  #loading: Section | undefined;

  constructor() {
    super();
    this.addController(this.#source);
  }

  async #load(source: DataSource | undefined): Promise<void> {
    try {
      this.session = await source?.api.get('/v1/session');
    } catch {
      // The shell says that one is signed out.
      this.session = undefined;
    }
  }

  /** Those that are of use to who is signed in; what is for all is there before one knows who that is. */
  get #sections(): readonly Section[] {
    const { session } = this;
    return sections.filter(({ isFor }) => isFor === undefined || (session !== undefined && isFor(session)));
  }

  get #section(): Section | undefined {
    const [name = sections[0]?.name] = this.route?.path ?? [];
    return this.#sections.find((section) => section.name === name);
  }

  protected override willUpdate(): void {
    const section = this.#section;
    if (section !== undefined && this.shown?.section !== section) void this.#show(section);
    if (this.shown !== undefined) this.shown.element.route = this.route;
  }

  async #show(section: Section): Promise<void> {
    if (this.#loading === section) return;
    this.#loading = section;
    this.isFailed = false;
    try {
      define([[section.tag, await section.load()]]);
      // Somebody walked on while it was loading.
      if (this.#section !== section) return;
      // Each part's element has `route`: `Section.tag` says which it is.
      const element = document.createElement(section.tag) as PageElement;
      element.route = this.route;
      element.preferences = this.preferences;
      this.shown = { section, element };
    } catch {
      // The network, or a newer build whose old files are gone; a reload heals both.
      this.isFailed = true;
    } finally {
      this.#loading = undefined;
    }
  }

  override render(): TemplateResult {
    const { words } = this.#words;
    const current = this.#section;
    const groups = [...new Set(this.#sections.map(({ group }) => group))];
    return html`<h1>${this.#locale.words.settings.title}</h1>
      <div class="parts">
        <nav aria-label=${words.navigation}>
          ${groups.map(
            (group) =>
              html`<div>
                <h2 id=${group}>${words.groups[group]}</h2>
                <ul aria-labelledby=${group}>
                  ${this.#sections.filter((section) => section.group === group).map((section) => this.#link(section, current))}
                </ul>
              </div>`,
          )}
        </nav>
        <div>${this.#body(current)}</div>
      </div>`;
  }

  #link({ name }: Section, current: Section | undefined): TemplateResult {
    const path = name === sections[0]?.name ? [] : [name];
    return html`<li>
      <a href=${routeHash({ page: 'settings', path })} aria-current=${name === current?.name ? 'page' : nothing}
        >${this.#words.words.sections[name]}</a
      >
    </li>`;
  }

  #body(current: Section | undefined): TemplateResult | HTMLElement {
    const { words } = this.#words;
    if (this.isFailed) {
      return html`<section class="card message">
        <p>${this.#locale.words.pageFailed}</p>
        <button class="button" type="button" @click=${() => location.reload()}>
          ${this.#locale.words.offline.now}
        </button>
      </section>`;
    }
    if (current === undefined && this.session !== undefined) {
      return html`<p class="card message">${words.noSuchSection}</p>`;
    }
    if (this.shown === undefined || this.shown.section !== current) {
      return html`<p class="quiet" aria-busy="true">${words.loading}</p>`;
    }
    return this.shown.element;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-settings-page': SettingsPage;
  }
}
