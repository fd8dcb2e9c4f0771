import { svg, html } from 'lit';
import type { TemplateResult } from 'lit';

export const icon = (shapes: TemplateResult): TemplateResult =>
  html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">${shapes}</svg>`;

/** Shapes that differ without colour: each is always followed by its word. */
export const icons = {
  ok: icon(
    svg`<circle cx="8" cy="8" r="7" fill="currentColor" opacity=".18"/><path d="M4.5 8.3l2.4 2.4 4.6-5" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/>`,
  ),
  info: icon(
    svg`<circle cx="8" cy="8" r="6.6" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M8 7.2v4M8 4.6v.3" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/>`,
  ),
  warning: icon(
    svg`<path d="M8 1.8l6.6 12H1.4z" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"/><path d="M8 6.3v3.6M8 12v.1" stroke="currentColor" stroke-width="1.7" stroke-linecap="round"/>`,
  ),
  critical: icon(
    svg`<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor"/><path d="M8 4.4v4.4M8 11.4v.1" stroke="var(--_surface)" stroke-width="1.9" stroke-linecap="round"/>`,
  ),
  page: icon(
    svg`<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor"/><path d="M6 4.4v4.4M6 11.4v.1M10 4.4v4.4M10 11.4v.1" stroke="var(--_surface)" stroke-width="1.9" stroke-linecap="round"/>`,
  ),
  stale: icon(
    svg`<circle cx="8" cy="8" r="6.6" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.6 2"/><path d="M8 4.6V8l2.2 1.6" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"/>`,
  ),
  live: icon(
    svg`<circle cx="8" cy="8" r="3" fill="currentColor"/><circle cx="8" cy="8" r="6.4" fill="none" stroke="currentColor" stroke-width="1.4"/>`,
  ),
  connecting: icon(
    svg`<circle cx="3" cy="8" r="1.6" fill="currentColor"/><circle cx="8" cy="8" r="1.6" fill="currentColor"/><circle cx="13" cy="8" r="1.6" fill="currentColor"/>`,
  ),
  offline: icon(
    svg`<circle cx="8" cy="8" r="6.6" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"/>`,
  ),
  signedOut: icon(
    svg`<rect x="3" y="7" width="10" height="7" rx="1.5" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M5.3 7V5a2.7 2.7 0 015.4 0v2" fill="none" stroke="currentColor" stroke-width="1.5"/>`,
  ),
  pause: icon(svg`<path d="M5 3.5v9M11 3.5v9" stroke="currentColor" stroke-width="2.2" stroke-linecap="round"/>`),
  play: icon(svg`<path d="M4.5 3l8.5 5-8.5 5z" fill="currentColor"/>`),
  table: icon(
    svg`<rect x="1.8" y="2.8" width="12.4" height="10.4" rx="1.4" fill="none" stroke="currentColor" stroke-width="1.4"/><path d="M2 6.4h12M2 9.8h12M6.4 6.4v6.6" stroke="currentColor" stroke-width="1.3"/>`,
  ),
  alerts: icon(
    svg`<path d="M3.4 11.6c1-1 1.2-2.2 1.2-4.2a3.4 3.4 0 016.8 0c0 2 .2 3.2 1.2 4.2zM6.6 13.4a1.5 1.5 0 002.8 0" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linejoin="round" stroke-linecap="round"/>`,
  ),
  anomalies: icon(
    svg`<path d="M1.5 10.5h3l1.4-2 1.6 3.4L9.4 2.6l1.8 7.9h3.3" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round"/>`,
  ),
  settings: icon(
    svg`<path d="M2 4.5h7M13 4.5h1M2 11.5h1M7 11.5h7" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"/><circle cx="11" cy="4.5" r="1.9" fill="none" stroke="currentColor" stroke-width="1.4"/><circle cx="5" cy="11.5" r="1.9" fill="none" stroke="currentColor" stroke-width="1.4"/>`,
  ),
  earlier: icon(
    svg`<path d="M10 3.2L5.4 8l4.6 4.8" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"/>`,
  ),
  later: icon(
    svg`<path d="M6 3.2L10.6 8 6 12.8" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"/>`,
  ),
  zoomOut: icon(
    svg`<circle cx="7" cy="7" r="4.6" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M10.5 10.5L14 14M5 7h4" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"/>`,
  ),
  menu: icon(
    svg`<path d="M8 3.4v.1M8 8v.1M8 12.6v.1" stroke="currentColor" stroke-width="2.4" stroke-linecap="round"/>`,
  ),
} as const;
