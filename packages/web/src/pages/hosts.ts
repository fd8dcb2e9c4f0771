import type { Alert } from '@tarsier/protocol';
import type { HostSummary } from '@tarsier/protocol/api';
import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { formatAge } from '../chart/age.ts';
import { FollowController } from '../controllers/follow.ts';
import type { Loadable } from '../data/source.ts';
import { base, tokens } from '../styles/tokens.ts';
import { hostCharts } from './host-charts.ts';
import { styles } from './hosts.styles.ts';

/** All hosts, and the last five minutes of the chosen one. */
export class HostsPage extends LitElement {
  static override styles = [tokens, base, styles];

  /** The chosen host; absent: the one that needs a look first. */
  @property() host: string | undefined;

  readonly #follow = new FollowController(this, ({ hosts, alerts }) => [hosts, alerts]);
  /** Chosen once and kept: the page must not change under the viewer when an alert fires elsewhere. */
  #chosen: string | undefined;

  override render(): TemplateResult {
    const source = this.#follow.source;
    const hosts = source?.hosts.value ?? { kind: 'loading' };
    const alerts = source?.alerts.value ?? { kind: 'loading' };
    const known = hosts.kind === 'ready' ? hosts.value : [];
    this.#chosen ??= firstToLookAt(known, firingAlerts(alerts));
    const chosen = this.host ?? this.#chosen;
    return html`<div class="top">
        <h1>${headline(hosts, alerts)}</h1>
        <tarsier-host-grid selected=${chosen ?? ''}>${start}</tarsier-host-grid>
      </div>
      ${
        hosts.kind === 'ready' && chosen !== undefined
          ? this.#body(
              chosen,
              known.find(({ host }) => host === chosen),
              source?.now() ?? 0,
            )
          : nothing
      }`;
  }

  #body(host: string, summary: HostSummary | undefined, now: number): TemplateResult {
    return html`<div class="body">
      <section aria-labelledby="alerts">
        <div class="heading"><h2 id="alerts">Alerts</h2></div>
        <tarsier-alert-list></tarsier-alert-list>
      </section>
      <section aria-labelledby="host">
        <div class="heading">
          <h2 id="host">${host}</h2>
          <span class="quiet">${describeHost(summary, now)}</span>
        </div>
        <div class="charts">
          ${repeat(
            hostCharts(host),
            ({ selector }) => selector,
            ({ label, selector, rate = false, by = '', max }) =>
              html`<tarsier-chart
                label=${label}
                selector=${selector}
                ?rate=${rate}
                by=${by}
                max=${max ?? nothing}
              ></tarsier-chart>`,
          )}
        </div>
      </section>
    </div>`;
  }
}

const start = html`<div slot="empty" class="card start">
  <h2>Let’s see your first host</h2>
  <p>Run an agent on it with the address of this collector and a key of scope “ingest”:</p>
  <pre
    tabindex="0"
    role="region"
    aria-label="Command"
  ><code>TARSIER_URL=${location.origin} TARSIER_KEY=… tarsier-agent run</code></pre>
  <p class="quiet">Its charts appear here with the first sample, a few seconds later.</p>
</div>`;

function firingAlerts(alerts: Loadable<readonly Alert[]>): readonly Alert[] {
  return alerts.kind === 'ready' ? alerts.value.filter(({ state }) => state.kind === 'firing') : [];
}

function firstToLookAt(hosts: readonly HostSummary[], firing: readonly Alert[]): string | undefined {
  const names = hosts.toSorted((a, b) => a.host.localeCompare(b.host));
  const needs = names.find(({ host }) => firing.some((alert) => alert.host === host));
  return (needs ?? names.find(({ state }) => state === 'up') ?? names[0])?.host;
}

function headline(hosts: Loadable<readonly HostSummary[]>, alerts: Loadable<readonly Alert[]>): string {
  if (hosts.kind !== 'ready') return 'Hosts';
  const { length } = hosts.value;
  if (length === 0) return 'No host yet';
  const stale = hosts.value.filter(({ state }) => state === 'stale').length;
  const firing = firingAlerts(alerts).length;
  const trouble = [
    ...(firing === 0 ? [] : [firing === 1 ? '1 alert is firing' : `${firing} alerts are firing`]),
    ...(stale === 0 ? [] : [stale === 1 ? '1 host is silent' : `${stale} hosts are silent`]),
  ];
  const count = length === 1 ? '1 host' : `${length} hosts`;
  return trouble.length === 0 ? `${count}, all quiet` : `${count}. ${trouble.join(', ')}.`;
}

function describeHost(summary: HostSummary | undefined, now: number): string {
  if (summary === undefined) return 'no such host';
  const { series, state, lastSeen } = summary;
  const seen =
    state === 'stale'
      ? `last seen ${lastSeen === undefined ? 'never' : formatAge(lastSeen, now)}`
      : 'last 5 minutes, each second';
  return `${series} series, ${seen}`;
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-hosts-page': HostsPage;
  }
}
