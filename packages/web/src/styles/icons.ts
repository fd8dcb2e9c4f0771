import { svg, html } from 'lit';
import type { TemplateResult } from 'lit';

const icon = (shapes: TemplateResult): TemplateResult =>
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
  system: icon(
    svg`<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M8 1.8a6.2 6.2 0 010 12.4z" fill="currentColor"/>`,
  ),
  light: icon(
    svg`<circle cx="8" cy="8" r="3.1" fill="currentColor"/><path d="M8 1v1.8M8 13.2V15M1 8h1.8M13.2 8H15M3 3l1.3 1.3M11.7 11.7L13 13M13 3l-1.3 1.3M4.3 11.7L3 13" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"/>`,
  ),
  dark: icon(svg`<path d="M13.6 9.9A6.2 6.2 0 016.1 2.4a6.2 6.2 0 107.5 7.5z" fill="currentColor"/>`),
} as const;
