import { LitElement } from 'lit';
import { property } from 'lit/decorators.js';
import { ratePerSecond } from '../data/rate.ts';
import type { HeldSeries } from '../data/source.ts';
import { SeriesFeedController } from '../controllers/series-feed.ts';
import { LocaleController } from '../controllers/locale.ts';
import { words } from '../i18n/words.ts';
import { formatDuration } from '../chart/age.ts';
import { rateUnit } from '../chart/units.ts';
import { spanOf } from '../data/time-range.ts';
import { textProperty } from './text-property.ts';

/** What elements that show a few numbers of a query have alike. */
export class SeriesElement extends LitElement {
  /** The title. */
  @property(textProperty) label = '';
  /** Which series: a Prometheus instant-vector selector. */
  @property(textProperty) selector = '';
  /** Any PromQL, in the place of a selector. */
  @property(textProperty) query = '';
  /** Shows counters of the selector as their increase per second. */
  @property({ type: Boolean }) rate = false;
  /** Unit of the values; empty: the metric's own. */
  @property(textProperty) unit = '';
  /** `5m`, or two times with `/` between. Empty: the provider's, or the last five minutes. */
  @property(textProperty) range = '';
  /** How far back the value to compare with is: `1d`, `1w`. Empty: as the provider says. */
  @property(textProperty) compare = '';
  /** Series from elsewhere, in the place of a collector's. */
  @property({ attribute: false }) data: readonly HeldSeries[] | undefined;

  protected readonly feed = new SeriesFeedController(this, () => this);
  protected readonly locale = new LocaleController(this, words);

  /** The series as they are shown: counters as rates where that is asked for. */
  protected get shown(): readonly HeldSeries[] {
    const series = this.data ?? this.feed.data?.series ?? [];
    return this.#perSecond ? series.map((one) => ({ ...one, column: ratePerSecond(one.column) })) : series;
  }

  protected get compared(): readonly HeldSeries[] {
    const compared = this.feed.data?.compared ?? [];
    return this.#perSecond ? compared.map((one) => ({ ...one, column: ratePerSecond(one.column) })) : compared;
  }

  protected get shownUnit(): string {
    const own = this.shown[0]?.unit ?? '';
    return this.unit || (this.rate ? rateUnit(own) : own);
  }

  protected get span(): { from: number; to: number } {
    return this.feed.data?.span ?? spanOf(this.feed.range, this.feed.now);
  }

  /** How old the newest sample is, in words; '' while it is as new as it should be. */
  protected get oldness(): string {
    const { newest, now, state } = this.feed;
    const isOld = this.data === undefined && state.kind === 'stale' && newest !== undefined;
    return isOld ? this.locale.words.old(formatDuration(now - newest)) : '';
  }

  get #perSecond(): boolean {
    return this.rate && (this.data !== undefined || this.feed.data?.raw === true);
  }
}
