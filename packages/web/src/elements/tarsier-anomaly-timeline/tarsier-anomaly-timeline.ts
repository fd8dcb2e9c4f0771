import type { AnomalyContributor, AnomalyEvent } from '@tarsier/protocol';
import { seriesSignature } from '@tarsier/protocol/labels';
import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { formatDuration, formatTime } from '../../chart/age.ts';
import { formatScaled } from '../../chart/units.ts';
import { usualBandOf } from '../../chart/usual-band.ts';
import { EventsFeedController } from '../../controllers/events-feed.ts';
import { SecondsController } from '../../controllers/follow.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { PageViewController } from '../../controllers/page-view.ts';
import { refusal } from '../../controllers/series-feed.ts';
import { RequestError } from '../../data/rest.ts';
import { parseRange } from '../../data/time-range.ts';
import type { TimeRange } from '../../data/time-range.ts';
import { formatValue } from '../../chart/units.ts';
import { fleetWords } from '../../i18n/fleet/words.ts';
import { icons } from '../../styles/icons.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { stateNote } from '../state-note.ts';
import { styles } from './tarsier-anomaly-timeline.styles.ts';

const defaultRange: TimeRange = { kind: 'last', ms: 900_000 };
const plain = { divisor: 1, suffix: '' };

/**
 * Anomaly events over time, a lane per host. One is opened with a click or Enter: why, which series moved, and whether
 * it was useful to know.
 *
 * @fires tarsier-drill - a series of an event is to be seen in a chart; `detail` has `query`, `host`, `from` and `to`
 * @csspart lane
 * @csspart event
 * @csspart detail
 */
export class TarsierAnomalyTimeline extends LitElement {
  static override styles = [tokens, base, styles];

  /** Only events of this host. Empty: of all. */
  @property() host = '';
  /** `5m`, or two times with `/` between. Empty: the provider's, or the last quarter of an hour. */
  @property() range = '';

  @state() private opened: string | undefined;
  @state() private judged: 'useful' | 'noise' | 'failed' | undefined;

  readonly #locale = new LocaleController(this, fleetWords);
  readonly #view = new PageViewController(this, ({ range }) => [range]);
  readonly #feed = new EventsFeedController(this, () => ({ range: this.#range, host: this.host }));

  constructor() {
    super();
    // Lanes move left as time goes on.
    this.addController(new SecondsController(this));
  }

  get #range(): TimeRange {
    return parseRange(this.range) ?? this.#view.value?.range.value ?? defaultRange;
  }

  #toggle(id: string): void {
    this.opened = this.opened === id ? undefined : id;
    this.judged = undefined;
  }

  async #judge(id: string, verdict: 'useful' | 'noise'): Promise<void> {
    try {
      await this.#feed.source?.api.send('PUT', `/v1/anomalies/events/${encodeURIComponent(id)}/feedback`, { verdict });
      this.judged = verdict;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.judged = 'failed';
    }
  }

  #drill({ host, start, end }: AnomalyEvent, contributor: AnomalyContributor): void {
    const query = seriesSignature({ name: contributor.metric, labels: contributor.labels });
    const { to } = this.#feed.span;
    const detail = { query, host, from: start, to: end ?? to };
    this.dispatchEvent(new CustomEvent('tarsier-drill', { detail, bubbles: true, composed: true, cancelable: true }));
  }

  /** Positions are set by script: a template with a `style` attribute would break a page's policy. */
  protected override updated(): void {
    const { from, to } = this.#feed.span;
    for (const bar of this.renderRoot.querySelectorAll<HTMLElement>('[data-start]')) {
      const start = Math.max(from, Number(bar.dataset['start']));
      const end = Math.min(to, Number(bar.dataset['end'] ?? to));
      bar.style.setProperty('inset-inline-start', `${((start - from) / (to - from)) * 100}%`);
      bar.style.setProperty('width', `${((end - start) / (to - from)) * 100}%`);
    }
  }

  override render(): TemplateResult {
    const { words: text } = this.#locale;
    const loaded = this.#feed.events;
    if (this.#feed.source === undefined) {
      return html`<div class="card message">${stateNote({ kind: 'no-provider' }, text, () => undefined)}</div>`;
    }
    if (loaded.kind === 'loading')
      return html`<div class="card message skeleton" aria-busy="true">${text.loading}</div>`;
    if (loaded.kind === 'failed') {
      return html`<div class="card message">${stateNote(refusal(loaded.error), text, () => this.#feed.retry())}</div>`;
    }
    const range = this.#range;
    if (loaded.value.length === 0) {
      return html`<div class="card message calm">
        ${icons.ok}<slot name="empty"
          >${range.kind === 'last' ? text.anomalies.none(formatDuration(range.ms)) : text.anomalies.noneBetween}</slot
        >
      </div>`;
    }
    const lanes = Map.groupBy(loaded.value, ({ host }) => host);
    const { from, to } = this.#feed.span;
    const opened = loaded.value.find(({ id }) => id === this.opened);
    return html`<section class="card" aria-label=${text.anomalies.label}>
      ${repeat(
        [...lanes].toSorted(([a], [b]) => a.localeCompare(b, undefined, { numeric: true })),
        ([host]) => host,
        ([host, events]) => this.#lane(host, events),
      )}
      <div class="times quiet" aria-hidden="true">
        <span>${formatTime(from, 'day', this.#locale)}</span><span>${formatTime(to, 'day', this.#locale)}</span>
      </div>
      ${opened === undefined ? nothing : this.#detail(opened)}
    </section>`;
  }

  #lane(host: string, events: readonly AnomalyEvent[]): TemplateResult {
    return html`<div class="lane" part="lane">
      <span class="host" title=${host}>${host}</span>
      <ul class="track">
        ${repeat(
          events.toReversed(),
          ({ id }) => id,
          ({ id, start, end, page = false, reason, seriesCount }) =>
            html`<li data-start=${start} data-end=${end ?? nothing}>
              <button
                type="button"
                class=${page ? 'page' : ''}
                part="event"
                aria-expanded=${id === this.opened ? 'true' : 'false'}
                aria-label="${this.#when(start, end)}: ${reason}, ${this.#locale.words.anomalies.series(seriesCount)}"
                title=${reason}
                @click=${() => this.#toggle(id)}
              ></button>
            </li>`,
        )}
      </ul>
    </div>`;
  }

  #when(start: number, end: number | undefined): string {
    const { anomalies: text } = this.#locale.words;
    const until = end === undefined ? text.ongoing : formatTime(end, 'seconds', this.#locale);
    return text.from(formatTime(start, 'full', this.#locale), until);
  }

  #detail(event: AnomalyEvent): TemplateResult {
    const { anomalies: text } = this.#locale.words;
    const digits = formatScaled(event.peakSurprise, plain, this.#locale);
    return html`<div class="detail" part="detail">
      <p>
        <strong>${event.host}</strong> ${event.reason}
        <span class="quiet"
          >${this.#when(event.start, event.end)}, ${text.series(event.seriesCount)}, ${text.surprise(digits)}</span
        >
      </p>
      <h4>${text.contributors}</h4>
      <ul class="contributors">
        ${event.contributors.slice(0, 8).map((one) => {
          const band = usualBandOf(one);
          const [value, low, high] = [band.value, band.low, band.high].map((each) =>
            formatValue(each, band.unit, this.#locale),
          );
          return html`<li>
            <code>${seriesSignature({ name: one.metric, labels: one.labels })}</code>
            <span class="quiet">${text.value(value ?? '', low ?? '', high ?? '')}</span>
            <button class="button" type="button" @click=${() => this.#drill(event, one)}>${text.show}</button>
          </li>`;
        })}
      </ul>
      <div class="verdict">
        <button class="button" type="button" @click=${() => void this.#judge(event.id, 'useful')}>
          ${text.useful}
        </button>
        <button class="button" type="button" @click=${() => void this.#judge(event.id, 'noise')}>${text.noise}</button>
        <span role="status"
          >${this.judged === undefined ? '' : this.judged === 'failed' ? text.feedbackFailed : text.thanks}</span
        >
      </div>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-anomaly-timeline': TarsierAnomalyTimeline;
  }
}
