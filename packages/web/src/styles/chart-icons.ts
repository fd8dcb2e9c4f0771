import { svg, html } from 'lit';
import type { TemplateResult } from 'lit';

export const icon = (shapes: TemplateResult): TemplateResult =>
  html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">${shapes}</svg>`;

/** Those of a chart: it brings no others along. */
export const chartIcons = {
  warning: icon(
    svg`<path d="M8 1.8l6.6 12H1.4z" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"/><path d="M8 6.3v3.6M8 12v.1" stroke="currentColor" stroke-width="1.7" stroke-linecap="round"/>`,
  ),
  stale: icon(
    svg`<circle cx="8" cy="8" r="6.6" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.6 2"/><path d="M8 4.6V8l2.2 1.6" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"/>`,
  ),
  pause: icon(svg`<path d="M5 3.5v9M11 3.5v9" stroke="currentColor" stroke-width="2.2" stroke-linecap="round"/>`),
  play: icon(svg`<path d="M4.5 3l8.5 5-8.5 5z" fill="currentColor"/>`),
  table: icon(
    svg`<rect x="1.8" y="2.8" width="12.4" height="10.4" rx="1.4" fill="none" stroke="currentColor" stroke-width="1.4"/><path d="M2 6.4h12M2 9.8h12M6.4 6.4v6.6" stroke="currentColor" stroke-width="1.3"/>`,
  ),
  menu: icon(
    svg`<path d="M8 3.4v.1M8 8v.1M8 12.6v.1" stroke="currentColor" stroke-width="2.4" stroke-linecap="round"/>`,
  ),
  alerts: icon(
    svg`<path d="M3.4 11.6c1-1 1.2-2.2 1.2-4.2a3.4 3.4 0 016.8 0c0 2 .2 3.2 1.2 4.2zM6.6 13.4a1.5 1.5 0 002.8 0" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linejoin="round" stroke-linecap="round"/>`,
  ),
  anomalies: icon(
    svg`<path d="M1.5 10.5h3l1.4-2 1.6 3.4L9.4 2.6l1.8 7.9h3.3" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round"/>`,
  ),
} as const;
