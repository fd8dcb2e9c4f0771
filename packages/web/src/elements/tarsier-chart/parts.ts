/** The parts of a chart that are not canvas. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatDuration, formatTime } from '../../chart/age.ts';
import type { ChartView } from '../../chart/chart-view.ts';
import { formatValue } from '../../chart/units.ts';
import type { SourceError } from '../../data/source.ts';
import { icons } from '../../styles/icons.ts';

/** What stands in the place of the lines. */
export type ChartNote =
  | { readonly kind: 'loading' | 'empty' | 'no-provider' | 'signed-out' | 'offline' }
  | { readonly kind: 'error'; readonly error: SourceError };

export function note(state: ChartNote, windowMs: number): TemplateResult {
  switch (state.kind) {
    case 'loading':
      return html`<div class="note" aria-busy="true">Loading…</div>`;
    case 'empty':
      return html`<div class="note">
        <slot name="empty">No samples in the last ${formatDuration(windowMs)}.</slot>
      </div>`;
    case 'offline':
      return html`<div class="note">Offline. The line begins when the collector is back.</div>`;
    case 'signed-out':
      return html`<div class="note">Signed out.</div>`;
    case 'no-provider':
      return html`<div class="note">No collector: put this element inside a tarsier-provider.</div>`;
    case 'error':
      return html`<div class="note">
        <strong>This cannot be shown.</strong><span>${state.error.message}</span><code>${state.error.code}</code>
      </div>`;
  }
}

export function badges({ anomalies, stale, newest }: ChartView, now: number): TemplateResult | typeof nothing {
  if (stale && newest !== undefined) {
    return html`<span class="badge stale">${icons.stale}${formatDuration(now - newest)} old</span>`;
  }
  if (anomalies.length === 0) return nothing;
  const ongoing = anomalies.some(({ end }) => end === undefined);
  const count = anomalies.length === 1 ? '1 anomaly' : `${anomalies.length} anomalies`;
  return html`<span class="badge anomaly">${icons.warning}${ongoing ? `${count}, ongoing` : count}</span>`;
}

export function legend(
  { lines, unit, hidden }: ChartView,
  index: number | undefined,
  off: ReadonlySet<string>,
  toggle: (signature: string) => void,
): TemplateResult {
  return html`<ul class="legend" part="legend" aria-label="Lines">
    ${repeat(
      lines,
      ({ signature }) => signature,
      ({ signature, name, slot, latest, values }) =>
        html`<li>
          <button
            type="button"
            aria-pressed=${off.has(signature) ? 'false' : 'true'}
            title=${name}
            @click=${() => toggle(signature)}
          >
            <span class="swatch slot-${slot}"></span><span class="name">${name}</span
            ><span class="value">${formatValue(index === undefined ? latest : values[index], unit)}</span>
          </button>
        </li>`,
    )}
    ${hidden === 0 ? nothing : html`<li class="others quiet">and ${hidden} others</li>`}
  </ul>`;
}

export function tooltip(view: ChartView, index: number, off: ReadonlySet<string>): TemplateResult {
  const time = view.times[index] ?? 0;
  const odd = view.anomalies.filter(({ start, end = view.to }) => start <= time && time <= end);
  const rows = view.lines
    .filter(({ signature, values }) => !off.has(signature) && !Number.isNaN(values[index] ?? NaN))
    .toSorted((a, b) => (b.values[index] ?? 0) - (a.values[index] ?? 0));
  return html`<div class="tooltip" part="tooltip" aria-hidden="true">
    <div class="quiet">${formatTime(time, 'seconds')}</div>
    ${rows.map(
      ({ name, slot, values }) =>
        html`<div class="row">
          <span class="swatch slot-${slot}"></span><span>${name}</span
          ><span>${formatValue(values[index], view.unit)}</span>
        </div>`,
    )}
    ${odd.map(({ reason }) => html`<div class="badge anomaly">${icons.warning}<span>${reason}</span></div>`)}
  </div>`;
}

/** The point in words, for the live region. */
export function pointInWords(view: ChartView, index: number): string {
  const time = view.times[index] ?? 0;
  const values = view.lines.map(({ name, values: column }) => `${name} ${formatValue(column[index], view.unit)}`);
  const odd = view.anomalies.find(({ start, end = view.to }) => start <= time && time <= end);
  return [formatTime(time, 'seconds'), ...values, ...(odd === undefined ? [] : [`anomalous: ${odd.reason}`])].join(
    ', ',
  );
}

const tableRows = 25;

/** The newest samples as drawn, newest first. */
export function table(label: string, { times, lines, unit }: ChartView): TemplateResult {
  const rows = Array.from({ length: Math.min(tableRows, times.length) }, (_, i) => times.length - 1 - i);
  return html`<div class="table" part="table" role="region" tabindex="0" aria-label="${label} as a table">
    <table>
      <thead>
        <tr>
          <th scope="col">Time</th>
          ${lines.map(({ name }) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (index) =>
            html`<tr>
              <th scope="row">${formatTime(times[index] ?? 0, 'seconds')}</th>
              ${lines.map(({ values }) => html`<td>${formatValue(values[index], unit)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
