import type { Dashboard, Panel } from '@tarsier/protocol/api';
import { elements, type ElementTag } from '@tarsier/protocol/elements';
import { html, LitElement, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { routeHash } from '../../app/route.ts';
import { appWords } from '../../app/words/words.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { SourceController } from '../../controllers/source-context.ts';
import { RequestError } from '../../data/rest.ts';
import { save } from '../../data/save.ts';
import type { Loadable } from '../../data/source.ts';
import { define } from '../../define.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { ElementFrame } from '../element-frame.ts';
import { pageStyles } from '../page.styles.ts';
import { styles } from './dashboards.styles.ts';
import { moved, removed, replaced, resized } from './layout.ts';

const newPanel: Panel = { element: 'tarsier-chart', attributes: { query: '' }, width: 6, height: 4 };

function nameOf({ element, attributes: { label, query, selector, host } }: Panel): string {
  return label ?? query ?? selector ?? host ?? element;
}

/** A dashboard: shown, and arranged when somebody wants to. Nothing is kept before it is saved. */
export class DashboardView extends LitElement {
  static override styles = [tokens, base, pageStyles, styles];

  /** Id of the dashboard. */
  @property({ attribute: false }) dashboard = '';

  @state() private loaded: Loadable<Dashboard> = { kind: 'loading' };
  /** As it is being arranged. */
  @state() private draft: Dashboard | undefined;
  /** Which panel's attributes are open. */
  @state() private opened: number | undefined;
  @state() private said = '';

  /** Of what was read: somebody else's change is not overwritten. */
  #etag = '';
  readonly #locale = new LocaleController(this, appWords);
  readonly #source = new SourceController(this, () => {
    // The first time, the dashboard's own change asks.
    if (this.hasUpdated) void this.#load();
  });

  constructor() {
    super();
    this.addController(this.#source);
  }

  override connectedCallback(): void {
    define([['tarsier-element-frame', ElementFrame]]);
    super.connectedCallback();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('dashboard')) return;
    this.draft = undefined;
    this.said = '';
    void this.#load();
  }

  get #path() {
    return `/v1/dashboards/${encodeURIComponent(this.dashboard)}` as const;
  }

  async #load(): Promise<void> {
    const api = this.#source.value?.api;
    if (api === undefined || this.dashboard === '') return;
    const path = this.#path;
    let etag = '';
    let loaded: Loadable<Dashboard>;
    try {
      const value = await api.get(path, undefined, (headers) => (etag = headers.get('etag') ?? ''));
      loaded = { kind: 'ready', value };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      loaded = { kind: 'failed', error };
    }
    // A slow answer about the dashboard that was shown before is not this one's.
    if (path !== this.#path) return;
    this.loaded = loaded;
    this.#etag = etag;
  }

  /** @returns whether it was done; why not is said */
  async #try(act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      const { dashboards: text } = this.#locale.words;
      this.said = error.code === 'http/precondition' ? text.changedElsewhere : text.refused(error.message);
      return false;
    }
  }

  async #save(): Promise<void> {
    const api = this.#source.value?.api;
    if (api === undefined || this.draft === undefined) return;
    const { id: _, ...body } = this.draft;
    if (!(await this.#try(() => api.send('PUT', this.#path, body, { 'if-match': this.#etag })))) return;
    this.said = this.#locale.words.dashboards.saved;
    this.draft = undefined;
    await this.#load();
  }

  async #delete(): Promise<void> {
    const api = this.#source.value?.api;
    if (api === undefined || !(await this.#try(() => api.send('DELETE', this.#path)))) return;
    location.hash = routeHash({ page: 'dashboards' });
  }

  async #export(): Promise<void> {
    const api = this.#source.value?.api;
    if (api === undefined) return;
    await this.#try(async () => {
      save(new Blob([JSON.stringify(await api.get(`${this.#path}/export`), undefined, 2)]), 'dashboard.json');
    });
  }

  #arrange(panels: readonly Panel[]): void {
    if (this.draft !== undefined) this.draft = { ...this.draft, panels: [...panels] };
  }

  override render(): TemplateResult {
    const { words } = this.#locale;
    const { loaded } = this;
    if (loaded.kind === 'loading') return html`<p class="quiet" aria-busy="true">${words.dashboards.loading}</p>`;
    if (loaded.kind === 'failed') {
      return html`<p class="note">${words.dashboards.refused(loaded.error.message)}</p>`;
    }
    const shown = this.draft ?? loaded.value;
    return html`${this.#bar(shown, this.draft !== undefined)}
      <p role="status" class="quiet" ?hidden=${this.said === ''}>${this.said}</p>
      ${shown.description === '' ? nothing : html`<p class="quiet">${shown.description}</p>`}
      ${shown.panels.length === 0 ? html`<p class="quiet">${words.dashboards.empty}</p>` : nothing}
      <h2 class="visually-hidden">${words.dashboards.content}</h2>
      <div class="panels ${this.draft === undefined ? '' : 'arranging'}">
        ${shown.panels.map((panel, at) => this.#panel(panel, at))}
      </div>
      ${
        this.draft === undefined
          ? nothing
          : html`<p>
              ${this.#button(words.dashboards.add, () => {
                this.#arrange([...shown.panels, newPanel]);
                this.opened = shown.panels.length;
              })}
            </p>`
      }`;
  }

  #bar(shown: Dashboard, isArranging: boolean): TemplateResult {
    const { dashboards: text } = this.#locale.words;
    return html`<div class="bar">
      <h1>${shown.name}</h1>
      ${
        isArranging
          ? html`${this.#button(text.save, () => this.#save())}
            ${this.#button(text.cancel, () => {
              this.draft = undefined;
              this.said = '';
            })}
            ${this.#button(text.delete, () => this.#delete())}`
          : html`${this.#button(text.arrange, () => {
              this.draft = shown;
              this.said = '';
            })}
            ${this.#button(text.export, () => this.#export())}`
      }
    </div>`;
  }

  #button(text: string, act: () => unknown, label: string = text): TemplateResult {
    return html`<button class="button" type="button" aria-label=${label} @click=${() => void act()}>${text}</button>`;
  }

  #panel(panel: Panel, at: number): TemplateResult {
    const name = nameOf(panel);
    return html`<section
      class="panel"
      .style=${`--width: ${panel.width}; --height: ${panel.height}`}
      aria-label=${name}
    >
      ${this.draft === undefined ? nothing : this.#tools(panel, at, name)}
      <tarsier-element-frame .element=${panel.element} .given=${panel.attributes}></tarsier-element-frame>
    </section>`;
  }

  #tools(panel: Panel, at: number, name: string): TemplateResult {
    const { dashboards: text } = this.#locale.words;
    const panels = this.draft?.panels ?? [];
    const tool = (sign: string, label: string, act: () => void): TemplateResult =>
      this.#button(sign, act, `${label}: ${name}`);
    return html`<div class="tools" role="toolbar" aria-label=${name}>
        ${tool('←', text.earlier, () => this.#arrange(moved(panels, at, -1)))}
        ${tool('→', text.later, () => this.#arrange(moved(panels, at, 1)))}
        ${tool('⇤', text.narrower, () => this.#arrange(resized(panels, at, { width: -1 })))}
        ${tool('⇥', text.wider, () => this.#arrange(resized(panels, at, { width: 1 })))}
        ${tool('↑', text.lower, () => this.#arrange(resized(panels, at, { height: -1 })))}
        ${tool('↓', text.higher, () => this.#arrange(resized(panels, at, { height: 1 })))}
        ${tool('✎', text.edit, () => (this.opened = this.opened === at ? undefined : at))}
        ${tool('×', text.remove, () => this.#arrange(removed(panels, at)))}
      </div>
      ${this.opened === at ? this.#form(panel, at) : nothing}`;
  }

  #form({ element, attributes }: Panel, at: number): TemplateResult {
    const { dashboards: text } = this.#locale.words;
    const panels = this.draft?.panels ?? [];
    const kind = elements.find(({ tag }) => tag === element);
    return html`<form @submit=${(event: SubmitEvent) => event.preventDefault()}>
      <label
        >${text.element}
        <select
          class="field"
          @change=${(event: Event) => {
            // Of the options below.
            const chosen = (event.target as HTMLSelectElement).value as ElementTag;
            this.#arrange(replaced(panels, at, { element: chosen, attributes: {} }));
          }}
        >
          ${elements.map(({ tag }) => html`<option ?selected=${tag === element}>${tag}</option>`)}
        </select>
      </label>
      ${(kind?.attributes ?? []).map(
        (name) =>
          html`<label
            ><code>${name}</code>
            <input
              class="field"
              name=${name}
              .value=${attributes[name] ?? ''}
              @change=${(event: Event) => {
                const { [name]: _, ...others } = attributes;
                const { value } = event.target as HTMLInputElement;
                this.#arrange(
                  replaced(panels, at, { attributes: value === '' ? others : { ...others, [name]: value } }),
                );
              }}
            />
          </label>`,
      )}
    </form>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-dashboard-view': DashboardView;
  }
}
