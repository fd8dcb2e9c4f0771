import type { Incident, Severity } from '@tarsier/protocol';
import type { IncidentAction } from '@tarsier/protocol/api';
import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { formatAge, formatMoment } from '../../chart/age.ts';
import { AskedController } from '../../controllers/asked.ts';
import { SecondsController } from '../../controllers/follow.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { act } from '../../data/incident-actions.ts';
import { alertWords } from '../../i18n/alerts/words.ts';
import { icons } from '../../styles/icons.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { choice } from '../fields/choice.ts';
import { snoozeField } from '../fields/snooze.ts';
import { chosen, sorts, states } from './incident-filter.ts';
import type { IncidentSort, IncidentState } from './incident-filter.ts';
import { styles } from './tarsier-alert-list.styles.ts';

/** What is over is shown for so long. */
const recentMs = 24 * 3_600_000;
const pollMs = 10_000;
const mostHosts = 3;
const severities: readonly Severity[] = ['info', 'warning', 'critical', 'page'];

/**
 * What fires, as the incidents that people are told of: the most urgent first, what is over last. Each can be
 * acknowledged and snoozed where it stands.
 *
 * @fires tarsier-drill - an incident was chosen; `detail.incident` is its id
 * @fires tarsier-action - a person does something about one; cancel it to do it through a backend of your own
 * @csspart list
 * @csspart incident
 * @csspart more
 */
export class TarsierAlertList extends LitElement {
  static override styles = [tokens, base, styles];

  /** Shows what is on this host only. Empty: all. */
  @property() host = '';

  /** Most incidents that are over to show. */
  @property({ type: Number }) resolved = 5;

  /** Most incidents to show before one asks for the others; 0: all. */
  @property({ type: Number }) most = 0;

  /** Where an incident is shown, with `{incident}` for its id. Empty: choosing one only fires `tarsier-drill`. */
  @property() href = '';

  /** Shows fields to search, filter and sort by. */
  @property({ type: Boolean }) filters = false;

  /** Leaves the buttons out. */
  @property({ type: Boolean, attribute: 'no-actions' }) noActions = false;

  /** `priority`, or `newest`. */
  @property() sort: IncidentSort = 'priority';

  @state() private text = '';
  @state() private least: Severity = 'info';
  @state() private shownState: IncidentState = 'any';
  @state() private said = '';
  @state() private all = false;

  readonly #locale = new LocaleController(this, alertWords);
  readonly #open = this.#asked('open', 200);
  readonly #over = this.#asked('resolved', 100);

  constructor() {
    super();
    this.addController(new SecondsController(this));
  }

  #asked(status: Incident['status'], limit: number): AskedController<{ readonly incidents: readonly Incident[] }> {
    const path = `/v1/incidents?status=${status}&sort=${status === 'open' ? 'priority' : 'newest'}&limit=${limit}`;
    return new AskedController(
      this,
      () => path,
      () => pollMs,
      ({ alerts }) => alerts,
    );
  }

  #refresh(): void {
    this.#open.refresh();
    this.#over.refresh();
  }

  override render(): TemplateResult {
    const { list: text } = this.#locale.words;
    const [open, over] = [this.#open.state, this.#over.state];
    if (open.kind === 'failed') {
      // Nothing is wrong, and trying again changes nothing.
      if (open.error.code === 'auth/scope') return html`<p class="card empty">${text.denied}</p>`;
      return html`<div class="card empty failed">
        ${icons.offline}
        <span>${text.failed} ${open.error.message} <code>${open.error.code}</code></span>
        <button class="button" type="button" @click=${() => this.#refresh()}>${this.#locale.words.tryAgain}</button>
      </div>`;
    }
    if (open.kind === 'loading' || over.kind === 'loading') {
      return html`<div class="card empty" aria-busy="true"><span class="quiet">${text.loading}</span></div>`;
    }
    const now = this.#open.source?.now() ?? Date.now();
    const lately = over.kind === 'ready' ? over.value.incidents : [];
    const all = [...open.value.incidents, ...lately.filter(({ resolvedAt = 0 }) => resolvedAt > now - recentMs)];
    const filter = { text: this.text, least: this.least, state: this.shownState, host: this.host };
    const matching = chosen(all, filter, this.sort, now);
    const firstOver = matching.findIndex(({ status }) => status === 'resolved');
    const shown = firstOver === -1 ? matching : matching.slice(0, firstOver + this.resolved);
    return html`${this.filters ? this.#filters(shown.length) : nothing}
      ${shown.length === 0 ? this.#nothing(all.length > 0) : this.#part(shown, now)}
      <p class="visually-hidden" role="status">${this.said}</p>`;
  }

  #nothing(isFiltered: boolean): TemplateResult {
    const { list: text } = this.#locale.words;
    return html`<div class="card empty">
      ${icons.ok}
      ${
        isFiltered && this.filters
          ? html`<span>${text.noMatch}</span>`
          : html`<span>${text.quiet} <span class="quiet">${text.quietDay}</span></span>`
      }
    </div>`;
  }

  /** The first of them, and a button for the others. */
  #part(shown: readonly Incident[], now: number): TemplateResult {
    const left = !(this.most > 0) || this.all ? 0 : shown.length - this.most;
    if (left <= 0) return this.#list(shown, now);
    const more = async (): Promise<void> => {
      this.all = true;
      await this.updateComplete;
      // The button is gone; who came by the keyboard goes on at the first that was hidden.
      this.shadowRoot?.querySelectorAll<HTMLElement>('.name')[this.most]?.focus();
    };
    return html`${this.#list(shown.slice(0, this.most), now)}
      <button class="button more" part="more" type="button" @click=${more}>
        ${this.#locale.words.list.more(left)}
      </button>`;
  }

  #list(shown: readonly Incident[], now: number): TemplateResult {
    return html`<ul class="card" part="list" aria-label=${this.#locale.words.list.label}>
      ${repeat(
        shown,
        ({ id }) => id,
        (incident) => this.#row(incident, now),
      )}
    </ul>`;
  }

  #row(incident: Incident, now: number): TemplateResult {
    const { words } = this.#locale;
    const { severity, status, openedAt, resolvedAt = openedAt, alerts } = incident;
    const isOpen = status === 'open';
    const time = isOpen ? openedAt : resolvedAt;
    const hosts = this.#hostsOf(incident);
    return html`<li class="${status} ${severity}" part="incident">
      ${isOpen ? icons[severity] : icons.ok} ${this.#name(incident)} ${isOpen ? this.#priority(incident) : nothing}
      <time class="since quiet" datetime=${new Date(time).toISOString()} title=${formatMoment(time, now, this.#locale)}
        >${formatAge(time, now, this.#locale)}</time
      >
      <span class="detail"
        ><span class="severity">${isOpen ? words.firing(words.severity[severity], hosts) : words.over(hosts)}</span
        >${this.#chips(incident, now)}</span
      >
      ${alerts[0] === undefined ? nothing : html`<span class="detail quiet">${alerts[0].reason}</span>`}
      ${isOpen && !this.noActions ? this.#actions(incident, now) : nothing}
    </li>`;
  }

  #name(incident: Incident): TemplateResult {
    const { id, title } = incident;
    const drill = (event: Event): void => {
      const chosenOne = new CustomEvent('tarsier-drill', {
        detail: { incident: id },
        bubbles: true,
        composed: true,
        cancelable: true,
      });
      if (!this.dispatchEvent(chosenOne)) event.preventDefault();
    };
    return this.href === ''
      ? html`<button class="name" type="button" @click=${drill}>${title}</button>`
      : html`<a class="name" href=${this.href.replace('{incident}', encodeURIComponent(id))} @click=${drill}
          >${title}</a
        >`;
  }

  #priority({ priority: { score, parts } }: Incident): TemplateResult {
    const { words } = this.#locale;
    const described = parts
      .filter(({ points }) => points > 0)
      .map(({ name, points, why }) => `${words.part[name]} ${points} (${why})`)
      .join(', ');
    const label = words.priorityBy(score, described);
    return html`<span class="priority" role="img" aria-label=${label} title=${label}>${score}</span>`;
  }

  #hostsOf({ hosts, hostCount }: Incident): string {
    const names = hosts.slice(0, mostHosts).join(', ');
    const more = hostCount - Math.min(mostHosts, hosts.length);
    return more > 0 ? this.#locale.words.moreHosts(names, more) : names;
  }

  #chips(
    { acknowledged, assignee, snoozedUntil = 0, flappingSince, closedBy, status }: Incident,
    now: number,
  ): unknown {
    const { words } = this.#locale;
    const chips = [
      ...(acknowledged !== undefined && status === 'open' ? [words.acknowledgedBy(acknowledged.by)] : []),
      ...(assignee === undefined ? [] : [words.assignedTo(assignee)]),
      ...(snoozedUntil > now ? [words.snoozedUntil(formatMoment(snoozedUntil, now, this.#locale))] : []),
      ...(flappingSince === undefined ? [] : [words.flapping]),
      ...(closedBy === undefined ? [] : [words.closedBy(closedBy)]),
    ];
    return chips.map((chip) => html` <span class="chip">${chip}</span>`);
  }

  #actions(incident: Incident, now: number): TemplateResult {
    const { words } = this.#locale;
    const { title, acknowledged } = incident;
    return html`<span class="actions">
      ${
        acknowledged === undefined
          ? html`<button
              class="button"
              type="button"
              aria-label=${words.acknowledgeLabel(title)}
              @click=${() => void this.#act(incident, { kind: 'acknowledge' })}
            >
              ${words.acknowledge}
            </button>`
          : nothing
      }
      ${snoozeField(title, now, words, (until) => void this.#act(incident, { kind: 'snooze', until }))}
    </span>`;
  }

  async #act(incident: Incident, action: IncidentAction): Promise<void> {
    const { source } = this.#open;
    if (source === undefined) return;
    const outcome = await act(this, source, { incident, action });
    const { words } = this.#locale;
    this.said = outcome.kind === 'failed' ? words.failed(outcome.message) : words.done[action.kind];
    this.#refresh();
  }

  #filters(count: number): TemplateResult {
    const { list: text, severity } = this.#locale.words;
    const stateWords: Readonly<Record<IncidentState, string>> = {
      any: text.anyState,
      needs: text.needsYou,
      open: text.open,
      acknowledged: text.acknowledged,
      snoozed: text.snoozed,
      resolved: text.resolved,
    };
    return html`<form
      class="filters"
      role="search"
      aria-label=${text.filters}
      @submit=${(event: Event) => event.preventDefault()}
    >
      <label
        >${text.search}
        <input
          class="field"
          type="search"
          .value=${this.text}
          @input=${(event: Event) => (this.text = (event.target as HTMLInputElement).value)}
        />
      </label>
      ${choice(text.state, states, this.shownState, stateWords, (value) => (this.shownState = value))}
      ${choice(
        text.severity,
        severities,
        this.least,
        {
          info: text.anySeverity,
          warning: text.atLeast(severity.warning),
          critical: text.atLeast(severity.critical),
          page: severity.page,
        },
        (value) => (this.least = value),
      )}
      ${choice(text.sort, sorts, this.sort, { priority: text.byPriority, newest: text.byNewest }, (value) => (this.sort = value))}
      <output class="quiet">${text.shown(count)}</output>
    </form>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-alert-list': TarsierAlertList;
  }
}
