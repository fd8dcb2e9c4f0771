import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { LocaleController } from '../../controllers/locale.ts';
import { SourceController } from '../../controllers/source-context.ts';
import { metricNames } from '../../data/metadata.ts';
import type { Store } from '../../data/store.ts';
import { appIcons } from '../../styles/app-icons.ts';
import { base, tokens } from '../../styles/tokens.ts';
import type { Preferences } from '../preferences.ts';
import { appWords } from '../words/words.ts';
import { styles } from './command-palette.styles.ts';
import { paletteEntries } from './entries.ts';
import type { PaletteEntry } from './entries.ts';
import { bestMatches } from './match.ts';

const mostShown = 40;

/**
 * One field that finds hosts, metrics, alerts, pages and actions. Arrows choose, Enter goes, Escape leaves.
 *
 * @fires tarsier-keys - somebody wants to see the keys
 */
export class CommandPalette extends LitElement {
  static override styles = [tokens, base, styles];

  @property({ attribute: false }) preferences: Store<Preferences> | undefined;

  @state() private typed = '';
  @state() private chosen = 0;
  @state() private metrics: readonly string[] = [];

  readonly #locale = new LocaleController(this, appWords);
  readonly #source = new SourceController(this);

  constructor() {
    super();
    this.addController(this.#source);
  }

  /** Opens empty, with the newest of everything. */
  open(): void {
    const dialog = this.renderRoot.querySelector('dialog');
    if (dialog === null || dialog.open) return;
    this.typed = '';
    this.chosen = 0;
    dialog.showModal();
    void this.#loadMetrics();
  }

  async #loadMetrics(): Promise<void> {
    const source = this.#source.value;
    if (source === undefined) return;
    try {
      this.metrics = await metricNames(source.api);
    } catch {
      // Everything else is found without them.
    }
  }

  get #found(): readonly PaletteEntry[] {
    const entries = paletteEntries({
      words: this.#locale.words,
      source: this.#source.value,
      metrics: this.metrics,
      preferences: this.preferences,
      go: (hash) => {
        location.hash = hash;
      },
      copyLink: () => void navigator.clipboard.writeText(location.href).catch(() => undefined),
      showKeys: () => this.dispatchEvent(new Event('tarsier-keys', { bubbles: true, composed: true })),
    });
    return bestMatches(entries, this.typed, mostShown);
  }

  #close(): void {
    this.renderRoot.querySelector('dialog')?.close();
  }

  #run(entry: PaletteEntry | undefined): void {
    if (entry === undefined) return;
    this.#close();
    entry.run();
  }

  #key(event: KeyboardEvent): void {
    const found = this.#found;
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: this.chosen + 1,
      ArrowUp: this.chosen - 1,
      PageDown: this.chosen + 8,
      PageUp: this.chosen - 8,
    };
    const to = moves[event.key];
    if (to !== undefined) this.chosen = Math.max(0, Math.min(found.length - 1, to));
    else if (event.key === 'Enter') this.#run(found[this.chosen]);
    else return;
    event.preventDefault();
  }

  protected override updated(): void {
    this.renderRoot.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }

  override render(): TemplateResult {
    const { palette } = this.#locale.words;
    const found = this.#found;
    return html`<dialog aria-label=${palette.label} @click=${this.#clicked}>
      <div class="field-row">
        ${appIcons.search}
        <input
          type="text"
          role="combobox"
          autocomplete="off"
          spellcheck="false"
          aria-label=${palette.label}
          aria-expanded="true"
          aria-controls="found"
          aria-activedescendant=${found.length === 0 ? nothing : `entry-${this.chosen}`}
          placeholder=${palette.placeholder}
          .value=${this.typed}
          @input=${this.#typedMore}
          @keydown=${this.#key}
        />
      </div>
      <ul id="found" role="listbox" aria-label=${palette.label}>
        ${found.map(
          (entry, i) =>
            html`<li
              id="entry-${i}"
              role="option"
              aria-selected=${i === this.chosen ? 'true' : 'false'}
              @click=${() => this.#run(entry)}
            >
              <span class="text">${entry.text}</span><span class="quiet">${palette[entry.kind]}</span>
            </li>`,
        )}
      </ul>
      ${found.length === 0 ? html`<p class="none quiet">${palette.none}</p>` : nothing}
      <div class="visually-hidden" role="status">${this.typed === '' ? '' : palette.results(found.length)}</div>
    </dialog>`;
  }

  #typedMore(event: InputEvent): void {
    if (!(event.target instanceof HTMLInputElement)) return;
    this.typed = event.target.value;
    this.chosen = 0;
  }

  /** A click beside the box is a click on the dialog itself. */
  #clicked(event: MouseEvent): void {
    if (event.target instanceof HTMLDialogElement) this.#close();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-command-palette': CommandPalette;
  }
}
