import { svg } from 'lit';
import { chartIcons, icon } from './chart-icons.ts';

/** Shapes that differ without colour: each is always followed by its word. */
export const icons = {
  ...chartIcons,
  ok: icon(
    svg`<circle cx="8" cy="8" r="7" fill="currentColor" opacity=".18"/><path d="M4.5 8.3l2.4 2.4 4.6-5" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/>`,
  ),
  info: icon(
    svg`<circle cx="8" cy="8" r="6.6" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M8 7.2v4M8 4.6v.3" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/>`,
  ),
  critical: icon(
    svg`<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor"/><path d="M8 4.4v4.4M8 11.4v.1" stroke="var(--_surface)" stroke-width="1.9" stroke-linecap="round"/>`,
  ),
  page: icon(
    svg`<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor"/><path d="M6 4.4v4.4M6 11.4v.1M10 4.4v4.4M10 11.4v.1" stroke="var(--_surface)" stroke-width="1.9" stroke-linecap="round"/>`,
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
} as const;
