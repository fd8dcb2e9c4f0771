import { html } from 'lit';

/** A tarsier is mostly eyes. */
export const eyes = html`<svg viewBox="0 0 30 22" aria-hidden="true" focusable="false">
  <path
    d="M3 6.5L1.6 1.4l5.6 2.4M27 6.5l1.4-5.1-5.6 2.4"
    fill="none"
    stroke="currentColor"
    stroke-width="2"
    stroke-linejoin="round"
    stroke-linecap="round"
  />
  <circle cx="8.6" cy="12" r="7.2" fill="none" stroke="currentColor" stroke-width="2.2" />
  <circle cx="21.4" cy="12" r="7.2" fill="none" stroke="currentColor" stroke-width="2.2" />
  <circle cx="9.6" cy="12" r="3.2" fill="currentColor" />
  <circle cx="20.4" cy="12" r="3.2" fill="currentColor" />
</svg>`;
