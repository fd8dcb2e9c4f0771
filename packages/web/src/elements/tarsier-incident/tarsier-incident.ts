import type { Incident, PriorityPart } from '@tarsier/protocol';
import type {
  ChangesResponse,
  ChartMarker,
  IncidentAction,
  IncidentChart,
  IncidentChartResponse,
  IncidentResponse,
} from '@tarsier/protocol/api';
import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { formatAge, formatDuration, formatMoment } from '../../chart/age.ts';
import type { Marker } from '../../chart/markers.ts';
import { AskedController } from '../../controllers/asked.ts';
import { SecondsController } from '../../controllers/follow.ts';
import { LocaleController } from '../../controllers/locale.ts';
import { act } from '../../data/incident-actions.ts';
import type { Loadable } from '../../data/source.ts';
import { rangeText } from '../../data/time-range.ts';
import { alertWords } from '../../i18n/alerts/words.ts';
import { icons } from '../../styles/icons.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { actions, commentForm } from './actions.ts';
import { changesTable } from './changes.ts';
import { styles } from './tarsier-incident.styles.ts';
import { isWeb, timeline } from './timeline.ts';

const pollMs = 10_000;
/** Charts and comparisons cost more, and change more slowly. */
const slowPollMs = 60_000;
const noPollMs = 3_600_000;
const minuteMs = 60_000;

/**
 * One incident with all that helps to understand it: why it is told and how urgent it is, what was seen, what changed
 * then, what happened, whom it affects, and what one can do about it.
 *
 * @fires tarsier-drill - a host was chosen; `detail.host` is its name
 * @fires tarsier-action - a person does something about it; cancel it to do it through a backend of your own
 * @csspart title
 * @csspart chart
 * @csspart changes
 * @csspart timeline
 */
export class TarsierIncident extends LitElement {
  static override styles = [tokens, base, styles];

  /** The incident's id. */
  @property() incident = '';

  /** Leaves the buttons and forms out. */
  @property({ type: Boolean, attribute: 'no-actions' }) noActions = false;

  /** `5m`, or two times with `/` between: what the chart shows. Empty: from before it began until it was over. */
  @property() range = '';

  @state() private said = '';
  @state() private showsUnsent = false;

  readonly #locale = new LocaleController(this, alertWords);
  readonly #view = this.#asked<IncidentResponse>('', () => pollMs);
  readonly #changes = this.#asked<ChangesResponse>('/changes?limit=12', () => (this.#isYoung ? slowPollMs : noPollMs));
  readonly #chart = this.#asked<IncidentChartResponse>('/chart', () => (this.#isOpen ? slowPollMs : noPollMs));

  constructor() {
    super();
    this.addController(new SecondsController(this));
  }

  #asked<T>(part: string, everyMs: () => number): AskedController<T> {
    return new AskedController<T>(
      this,
      () => (this.incident === '' ? undefined : `/v1/incidents/${encodeURIComponent(this.incident)}${part}`),
      everyMs,
      part === '' ? ({ alerts }) => alerts : undefined,
    );
  }

  get #isOpen(): boolean {
    const { state } = this.#view;
    return state.kind === 'ready' && state.value.incident.status === 'open';
  }

  /** What is compared still grows. */
  get #isYoung(): boolean {
    const { state, source } = this.#view;
    const now = source?.now() ?? Date.now();
    return state.kind === 'ready' && now - state.value.incident.openedAt < 15 * minuteMs;
  }

  override render(): TemplateResult {
    const { incident: text, tryAgain } = this.#locale.words;
    if (this.incident === '') return html`<p class="card empty">${text.none}</p>`;
    const { state, source } = this.#view;
    if (state.kind === 'loading') {
      return html`<div class="card empty" aria-busy="true"><span class="quiet">${text.loading}</span></div>`;
    }
    if (state.kind === 'failed') {
      // Nothing is wrong, and trying again changes nothing.
      if (state.error.code === 'auth/scope') {
        return html`<p class="card empty">${this.#locale.words.list.denied}</p>`;
      }
      return html`<div class="card empty failed">
        ${icons.offline}
        <span>${text.failed} ${state.error.message} <code>${state.error.code}</code></span>
        <button class="button" type="button" @click=${() => this.#view.refresh()}>${tryAgain}</button>
      </div>`;
    }
    return this.#whole(state.value, source?.now() ?? Date.now());
  }

  #whole(view: IncidentResponse, now: number): TemplateResult {
    const { words } = this.#locale;
    const { incident: text } = words;
    const { incident, timeline: lines } = view;
    const context = { words, locale: this.#locale };
    const unsent = lines.some(({ kind }) => kind === 'unsent');
    return html`<article aria-labelledby="title">
      ${this.#head(incident, now)}
      ${this.noActions ? nothing : actions(incident, now, words, (action) => void this.#act(incident, action))}
      <p role="status" class="said">${this.said}</p>
      <div class="columns">
        <div class="main">
          ${this.#why(incident)} ${this.#drawing(view)}
          <section aria-labelledby="changes" part="changes">
            <h3 id="changes">${text.changes}</h3>
            ${this.#loaded(this.#changes.state, text.comparing, (changes) => changesTable(changes, context))}
          </section>
          <section aria-labelledby="timeline" part="timeline">
            <h3 id="timeline">${text.timeline}</h3>
            ${timeline(lines, this.showsUnsent, context)}
            ${
              unsent
                ? html`<label class="check"
                    ><input
                      type="checkbox"
                      .checked=${this.showsUnsent}
                      @change=${(event: Event) => (this.showsUnsent = (event.target as HTMLInputElement).checked)}
                    />
                    ${text.showUnsent}</label
                  >`
                : nothing
            }
            ${this.noActions ? nothing : commentForm(words, (action) => void this.#act(incident, action))}
          </section>
        </div>
        <div class="side">${this.#priority(incident)} ${this.#hosts(incident)} ${this.#alerts(incident, now)}</div>
      </div>
    </article>`;
  }

  #head(incident: Incident, now: number): TemplateResult {
    const { words } = this.#locale;
    const { title, severity, status, openedAt, resolvedAt, priority } = incident;
    const { acknowledged, assignee, snoozedUntil = 0, flappingSince, closedBy } = incident;
    const moment = (at: number): string => formatMoment(at, now, this.#locale);
    const isOpen = status === 'open';
    const facts = [
      isOpen ? words.firing(words.severity[severity], '') : words.over(''),
      isOpen || resolvedAt === undefined
        ? words.incident.since(formatAge(openedAt, now, this.#locale), moment(openedAt))
        : words.incident.lasted(moment(openedAt), moment(resolvedAt), formatDuration(resolvedAt - openedAt)),
      ...(acknowledged !== undefined && isOpen ? [words.acknowledgedBy(acknowledged.by)] : []),
      ...(assignee === undefined ? [] : [words.assignedTo(assignee)]),
      ...(snoozedUntil > now && isOpen ? [words.snoozedUntil(moment(snoozedUntil))] : []),
      ...(flappingSince === undefined ? [] : [words.flapping]),
      ...(closedBy === undefined ? [] : [words.closedBy(closedBy)]),
    ];
    return html`<header class="${status} ${severity}">
      ${isOpen ? icons[severity] : icons.ok}
      <h2 id="title" part="title">${title}</h2>
      <span class="score">${words.priority(priority.score)}</span>
      <p class="facts">${facts.join(' · ')}</p>
    </header>`;
  }

  #why({ alerts }: Incident): TemplateResult | typeof nothing {
    const { incident: text } = this.#locale.words;
    const [leading] = alerts;
    if (leading === undefined) return nothing;
    const { description, runbook_url: runbook } = leading.annotations ?? {};
    return html`<section aria-labelledby="why">
      <h3 id="why">${text.why}</h3>
      <p>${leading.reason}</p>
      ${description === undefined || description === leading.reason ? nothing : html`<p class="quiet">${description}</p>`}
      ${isWeb(runbook) ? html`<p><a href=${runbook} rel="noreferrer">${text.runbook}</a></p>` : nothing}
    </section>`;
  }

  #drawing({ incident, range }: IncidentResponse): TemplateResult {
    const { incident: text } = this.#locale.words;
    // To the minute, so that the chart does not begin anew with each look at the incident.
    const to = incident.status === 'open' ? Math.ceil(range.end / minuteMs) * minuteMs : range.end;
    const span = this.range === '' ? rangeText({ kind: 'fixed', from: range.start, to }) : this.range;
    return html`<section aria-labelledby="chart" part="chart">
      <h3 id="chart">${text.chart}</h3>
      ${this.#loaded(this.#chart.state, text.loading, ({ chart }) =>
        chart === null
          ? html`<p>${text.noChart}</p>`
          : html`<tarsier-chart
              label=${chart.title}
              .query=${chart.query}
              .unit=${chart.unit}
              .range=${span}
              .thresholds=${thresholdsOf(chart)}
              .markers=${chart.markers.map((marker) => this.#marker(marker))}
              annotations="none"
            ></tarsier-chart>`,
      )}
    </section>`;
  }

  #marker({ at, kind, label }: ChartMarker): Marker {
    const { incident: text } = this.#locale.words;
    const names = { start: text.started, end: text.ended, event: label };
    return { kind: kind === 'start' ? 'alert' : 'event', time: at, text: names[kind] };
  }

  #priority({ priority: { score, parts } }: Incident): TemplateResult {
    const { words } = this.#locale;
    const number = new Intl.NumberFormat(this.#locale.lang);
    const row = ({ name, points, why }: PriorityPart): TemplateResult =>
      html`<div class="part">
        <dt>${words.part[name]}</dt>
        <dd>
          <meter min="0" max="40" value=${points} aria-hidden="true"></meter>
          <span>${words.incident.points(number.format(points))}</span>
          <span class="quiet">${why}</span>
        </dd>
      </div>`;
    return html`<section aria-labelledby="priority">
      <h3 id="priority">${words.incident.whyPriority}</h3>
      <p><strong>${words.priority(score)}</strong></p>
      <dl>${parts.map(row)}</dl>
    </section>`;
  }

  #hosts({ hosts, hostCount }: Incident): TemplateResult | typeof nothing {
    const { words } = this.#locale;
    if (hosts.length === 0) return nothing;
    const more = hostCount - hosts.length;
    return html`<section aria-labelledby="hosts">
      <h3 id="hosts">${words.incident.hosts}</h3>
      <ul class="plain">
        ${hosts.map(
          (host) =>
            html`<li><button class="link" type="button" @click=${() => this.#drill(host)}>${host}</button></li>`,
        )}
      </ul>
      ${more > 0 ? html`<p class="quiet">${words.moreHosts('…', more)}</p>` : nothing}
    </section>`;
  }

  #alerts({ alerts, total }: Incident, now: number): TemplateResult {
    const { words } = this.#locale;
    return html`<section aria-labelledby="alerts">
      <h3 id="alerts">${words.incident.alerts} (${total})</h3>
      <ul class="plain alerts">
        ${alerts.map(
          ({ name, host, severity, state: alert, reason }) =>
            html`<li class="${alert.kind} ${severity}">
              ${alert.kind === 'resolved' ? icons.ok : icons[severity]}
              <span
                ><strong>${name}</strong> ${host},
                ${words.incident.alertState[alert.kind]}${alert.kind === 'resolved' ? ` ${formatAge(alert.resolvedAt, now, this.#locale)}` : ''}
                <span class="quiet note">${reason}</span></span
              >
            </li>`,
        )}
      </ul>
    </section>`;
  }

  #loaded<T>(state: Loadable<T>, loading: string, show: (value: T) => TemplateResult): TemplateResult {
    switch (state.kind) {
      case 'loading':
        return html`<p class="quiet" aria-busy="true">${loading}</p>`;
      case 'failed':
        return html`<p>${state.error.message} <code>${state.error.code}</code></p>`;
      case 'ready':
        return show(state.value);
    }
  }

  #drill(host: string): void {
    this.dispatchEvent(
      new CustomEvent('tarsier-drill', { detail: { host }, bubbles: true, composed: true, cancelable: true }),
    );
  }

  async #act(incident: Incident, action: IncidentAction): Promise<void> {
    const { source } = this.#view;
    if (source === undefined) return;
    const outcome = await act(this, source, { incident, action });
    const { words } = this.#locale;
    this.said = outcome.kind === 'failed' ? words.failed(outcome.message) : words.done[action.kind];
    this.#view.refresh();
  }
}

function thresholdsOf({ threshold }: IncidentChart): readonly { value: number; label: string; severity: 'critical' }[] {
  if (threshold === undefined) return [];
  return [{ value: threshold.value, label: `${threshold.op} ${threshold.value}`, severity: 'critical' }];
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-incident': TarsierIncident;
  }
}
