import type { Alert } from '@tarsier/protocol';
import { html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { formatAge, formatMoment } from '../../chart/age.ts';
import { FollowController, SecondsController } from '../../controllers/follow.ts';
import { byUrgency } from '../../data/upsert.ts';
import { icons } from '../../styles/icons.ts';
import { base, tokens } from '../../styles/tokens.ts';
import { styles } from './tarsier-alert-list.styles.ts';

/** Resolved alerts are shown for so long. */
const recentMs = 24 * 3_600_000;

const severityWords = { page: 'Urgent', critical: 'Critical', warning: 'Warning', info: 'Info' } as const;

/**
 * Alerts: firing first, the worst on top; recently resolved ones last.
 *
 * @csspart list
 */
export class TarsierAlertList extends LitElement {
  static override styles = [tokens, base, styles];

  /** Shows the alerts of this host only. Empty: of all. */
  @property() host = '';

  /** Most resolved alerts to show. */
  @property({ type: Number }) resolved = 5;

  readonly #follow = new FollowController(this, ({ alerts }) => [alerts]);

  constructor() {
    super();
    this.addController(new SecondsController(this));
  }

  override render(): TemplateResult {
    const source = this.#follow.source;
    const state = source?.alerts.value;
    if (source === undefined || state === undefined || state.kind === 'loading') {
      return html`<div class="card empty" aria-busy="true"><span class="quiet">Loading alerts…</span></div>`;
    }
    if (state.kind === 'failed') {
      return html`<div class="card empty failed">
        ${icons.offline}<span>Alerts could not be loaded: ${state.error.message} <code>${state.error.code}</code></span>
      </div>`;
    }
    const now = source.now();
    const mine = state.value.filter(({ host }) => this.host === '' || host === this.host).toSorted(byUrgency);
    const open = mine.filter(({ state: { kind } }) => kind !== 'resolved');
    const recent = mine.filter(({ state: alert }) => alert.kind === 'resolved' && alert.resolvedAt > now - recentMs);
    const shown = [...open, ...recent.slice(0, this.resolved)];
    if (shown.length === 0) {
      return html`<div class="card empty">
        ${icons.ok}<span>Nothing is firing. <span class="quiet">No alert in the last day.</span></span>
      </div>`;
    }
    return html`<ul class="card" part="list" aria-label="Alerts">
      ${repeat(
        shown,
        ({ id }) => id,
        (alert) => this.#row(alert, now),
      )}
    </ul>`;
  }

  #row({ name, severity, host, state, reason }: Alert, now: number): TemplateResult {
    const time = state.kind === 'resolved' ? state.resolvedAt : state.since;
    const word = { firing: 'firing', pending: 'pending', resolved: 'resolved' }[state.kind];
    const icon = state.kind === 'firing' ? icons[severity] : state.kind === 'pending' ? icons.stale : icons.ok;
    return html`<li class="${state.kind} ${severity}">
      ${icon}
      <span class="name">${name}</span>
      <time class="since quiet" datetime=${new Date(time).toISOString()} title=${formatMoment(time, now)}
        >${formatAge(time, now)}</time
      >
      <span class="detail"><span class="severity">${severityWords[severity]}</span>, ${word} on ${host}</span>
      <span class="detail quiet">${reason}</span>
    </li>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-alert-list': TarsierAlertList;
  }
}
