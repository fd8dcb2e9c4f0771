import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { formatDuration, formatTime } from '../../chart/age.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { PageViewController } from '../../controllers/page-view.ts';
import { SourceController } from '../../controllers/source-context.ts';
import { fromLocalInput, toLocalInput } from '../../data/local-time.ts';
import { panned, parseDuration, spanOf, zoomed } from '../../data/time-range.ts';
import type { TimeRange } from '../../data/time-range.ts';
import { fleetWords } from '../../i18n/fleet/words.ts';
import { icons } from '../../styles/icons.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { styles } from './tarsier-time-range.styles.ts';

const fallback: TimeRange = { kind: 'last', ms: 900_000 };

const comparisons = [
  { ms: 0, word: 'compareOff' },
  { ms: 86_400_000, word: 'compareDay' },
  { ms: 604_800_000, word: 'compareWeek' },
] as const;

/**
 * Chooses the time range that all elements of the provider share, steps through time, and pauses.
 *
 * @fires tarsier-range-change - from the provider, when the range changed
 * @csspart button
 * @csspart menu
 */
export class TarsierTimeRange extends LitElement {
  static override styles = [tokens, base, styles];

  /** Ranges to choose from, separated by commas. */
  @property() presets = '5m,15m,1h,6h,1d,7d,30d';

  @state() private problem = '';

  readonly #locale = new LocaleController(this, fleetWords);
  readonly #view = new PageViewController(this, ({ range, compareMs }) => [range, compareMs]);
  readonly #source = new SourceController(this);

  constructor() {
    super();
    this.addController(this.#source);
  }

  get #range(): TimeRange {
    return this.#view.value?.range.value ?? fallback;
  }

  get #now(): number {
    return this.#source.value?.now() ?? Date.now();
  }

  #set(range: TimeRange): void {
    this.problem = '';
    this.#view.value?.range.set(range);
  }

  #text(): string {
    const range = this.#range;
    if (range.kind === 'last') return this.#locale.words.range.last(formatDuration(range.ms));
    const near = range.to - range.from < 86_400_000 ? 'seconds' : 'day';
    return `${formatTime(range.from, 'full', this.#locale)} – ${formatTime(range.to, near, this.#locale)}`;
  }

  #pauseOrResume(): void {
    const range = this.#range;
    const { from, to } = spanOf(range, this.#now);
    this.#set(range.kind === 'last' ? { kind: 'fixed', from, to } : { kind: 'last', ms: to - from });
  }

  #apply(event: SubmitEvent): void {
    event.preventDefault();
    const [from = NaN, to = NaN] = [...this.renderRoot.querySelectorAll<HTMLInputElement>('input.field')].map(
      ({ value }) => fromLocalInput(value, this.#locale.timeZone),
    );
    if (!(from < to)) {
      this.problem = this.#locale.words.range.invalid;
      return;
    }
    this.#set({ kind: 'fixed', from, to });
    this.#close();
  }

  #close(): void {
    this.renderRoot.querySelector<HTMLElement>('.menu')?.hidePopover();
  }

  override render(): TemplateResult {
    const { range: text } = this.#locale.words;
    const range = this.#range;
    const live = range.kind === 'last';
    const step = (part: number) => (): void => this.#set(panned(this.#range, part, this.#now));
    return html`<div class="row" role="group" aria-label=${text.label}>
      <button class="icon-button" type="button" aria-label=${text.back} title=${text.back} @click=${step(-0.5)}>
        ${icons.earlier}
      </button>
      <button class="button range" type="button" part="button" popovertarget="menu" aria-haspopup="dialog">
        ${this.#text()}
      </button>
      <button
        class="icon-button"
        type="button"
        aria-label=${text.forward}
        title=${text.forward}
        ?disabled=${live}
        @click=${step(0.5)}
      >
        ${icons.later}
      </button>
      <button
        class="icon-button"
        type="button"
        aria-label=${text.zoomOut}
        title=${text.zoomOut}
        @click=${() => this.#set(zoomed(this.#range, 2, undefined, this.#now))}
      >
        ${icons.zoomOut}
      </button>
      <button class="button pause ${live ? '' : 'paused'}" type="button" @click=${this.#pauseOrResume}>
        ${live ? icons.pause : icons.play}<span>${live ? text.pause : text.resume}</span>
      </button>
      ${this.#menu(range)}
    </div>`;
  }

  #menu(range: TimeRange): TemplateResult {
    const { range: text } = this.#locale.words;
    const { from, to } = spanOf(range, this.#now);
    const compared = this.#view.value?.compareMs.value ?? 0;
    return html`<div id="menu" class="menu" part="menu" popover role="dialog" aria-label=${text.label}>
      <div class="presets">
        ${this.presets.split(',').map((preset) => {
          const ms = parseDuration(preset);
          if (ms === undefined) return nothing;
          return html`<button
            class="button"
            type="button"
            aria-pressed=${range.kind === 'last' && range.ms === ms ? 'true' : 'false'}
            @click=${() => {
              this.#set({ kind: 'last', ms });
              this.#close();
            }}
          >
            ${text.last(formatDuration(ms))}
          </button>`;
        })}
      </div>
      <form @submit=${this.#apply}>
        ${(
          [
            [text.from, from],
            [text.to, to],
          ] as const
        ).map(
          ([label, time]) =>
            html`<label
              >${label}
              <input
                class="field"
                type="datetime-local"
                step="1"
                required
                .value=${toLocalInput(time, this.#locale.timeZone)}
              />
            </label>`,
        )}
        <p class="problem" role="alert">${this.problem}</p>
        <button class="button" type="submit">${text.apply}</button>
      </form>
      <fieldset>
        <legend>${text.compare}</legend>
        ${comparisons.map(
          ({ ms, word }) =>
            html`<label class="choice"
              ><input
                type="radio"
                name="compare"
                .checked=${compared === ms}
                @change=${() => this.#view.value?.compareMs.set(ms)}
              />${text[word]}</label
            >`,
        )}
      </fieldset>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-time-range': TarsierTimeRange;
  }
}
