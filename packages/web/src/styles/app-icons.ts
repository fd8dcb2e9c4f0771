import { svg } from 'lit';
import { icon } from './chart-icons.ts';
import { icons } from './icons.ts';

/** Those of the dashboard, and of its elements. */
export const appIcons = {
  ...icons,
  overview: icon(
    svg`<path d="M2 2.5h5v5H2zM9 2.5h5v3H9zM9 7.5h5v6H9zM2 9.5h5v4H2z" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linejoin="round"/>`,
  ),
  dashboards: icon(
    svg`<rect x="1.8" y="2.4" width="12.4" height="11.2" rx="1.4" fill="none" stroke="currentColor" stroke-width="1.4"/><path d="M4.4 11V8.4M7 11V5.4M9.6 11V7M12 11V9.4" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"/>`,
  ),
  hosts: icon(
    svg`<rect x="2" y="2.5" width="12" height="4.6" rx="1.2" fill="none" stroke="currentColor" stroke-width="1.4"/><rect x="2" y="8.9" width="12" height="4.6" rx="1.2" fill="none" stroke="currentColor" stroke-width="1.4"/><path d="M4.6 4.8h.1M4.6 11.2h.1" stroke="currentColor" stroke-width="1.9" stroke-linecap="round"/>`,
  ),
  explore: icon(
    svg`<path d="M1.8 13.2l4-5.4 3 2.6 5.4-7.2" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/>`,
  ),
  models: icon(
    svg`<circle cx="3.2" cy="4" r="1.7" fill="none" stroke="currentColor" stroke-width="1.3"/><circle cx="3.2" cy="12" r="1.7" fill="none" stroke="currentColor" stroke-width="1.3"/><circle cx="12.6" cy="8" r="2" fill="none" stroke="currentColor" stroke-width="1.3"/><path d="M4.8 4.6l6 2.7M4.8 11.4l6-2.7" stroke="currentColor" stroke-width="1.3"/>`,
  ),
  jobs: icon(svg`<path d="M2 4h9M2 8h12M2 12h6" stroke="currentColor" stroke-width="1.7" stroke-linecap="round"/>`),
  cost: icon(
    svg`<path d="M8 1.8v12.4M11 4.6C10.4 3.9 9.3 3.4 8 3.4c-1.8 0-3 .9-3 2.2 0 3 6.2 1.5 6.2 4.7 0 1.4-1.3 2.4-3.2 2.4-1.5 0-2.7-.5-3.4-1.400" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"/>`,
  ),
  rules: icon(
    svg`<path d="M2.5 3.5h11M2.5 12.5h5M5 3.5v9" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round"/><path d="M9 11.2l1.8 1.8 3.2-4" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/>`,
  ),
  embed: icon(
    svg`<path d="M5.4 4.2L1.8 8l3.6 3.8M10.6 4.2L14.2 8l-3.6 3.8" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/>`,
  ),
  search: icon(
    svg`<circle cx="7" cy="7" r="4.6" fill="none" stroke="currentColor" stroke-width="1.6"/><path d="M10.5 10.5L14 14" stroke="currentColor" stroke-width="1.7" stroke-linecap="round"/>`,
  ),
  more: icon(
    svg`<path d="M3 4.5h10M3 8h10M3 11.5h10" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"/>`,
  ),
} as const;
