import { css, unsafeCSS } from 'lit';
import { palettes } from '../chart/palette.ts';

// Colours are from this repository, not from outside.
const series = unsafeCSS(
  palettes.light
    .map((light, i) => `--_series-${i + 1}: var(--tarsier-series-${i + 1}, light-dark(${light}, ${palettes.dark[i]}));`)
    .join('\n'),
);

/**
 * Each `--_name` takes `--tarsier-…` from the page around it, or the default of the theme that `color-scheme` says.
 */
export const tokens = css`
  :host {
    --_page: var(--tarsier-color-surface, light-dark(#f5f6f8, #14171c));
    --_surface: var(--tarsier-color-surface-raised, light-dark(#ffffff, #1c2027));
    --_text: var(--tarsier-color-text, light-dark(#1a1f29, #e8ebf0));
    --_text-quiet: var(--tarsier-color-text-quiet, light-dark(#566072, #a5aebd));
    --_border: var(--tarsier-color-border, light-dark(#dde1e8, #2d333d));
    --_border-strong: var(--tarsier-color-border-strong, light-dark(#7d8696, #778192));
    --_grid: var(--tarsier-color-grid, light-dark(#e8ebf0, #2a303a));
    --_accent: var(--tarsier-color-accent, light-dark(#1f3fb5, #8fb4ff));
    --_accent-soft: var(--tarsier-color-accent-soft, light-dark(#eaeefb, #232c42));
    --_focus: var(--tarsier-color-focus, light-dark(#1f3fb5, #8fb4ff));
    --_ok: var(--tarsier-status-ok, light-dark(#17714a, #62d39a));
    --_info: var(--tarsier-status-info, light-dark(#136499, #6cc4f5));
    --_warning: var(--tarsier-status-warning, light-dark(#8a5300, #f2bc4b));
    --_critical: var(--tarsier-status-critical, light-dark(#b3261e, #ff8f85));
    --_anomaly: var(--tarsier-anomaly, light-dark(#c0362c, #ff8f85));
    ${series}
    --_line-width: var(--tarsier-line-width, 0);
    --_font: var(--tarsier-font, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif);
    --_font-mono: var(--tarsier-font-mono, ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace);
    --_radius: var(--tarsier-radius, 8px);
    font-family: var(--_font);
    font-size: var(--tarsier-font-size, 14px);
    line-height: 1.45;
    color: var(--_text);
    font-variant-numeric: tabular-nums;
  }
`;

/** What all elements have alike: boxes, focus, buttons, text for screen readers. */
export const base = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  :focus-visible {
    outline: 2px solid var(--_focus);
    outline-offset: 2px;
  }
  h1,
  h2,
  h3,
  p,
  ul,
  figure,
  dl,
  dd {
    margin: 0;
    padding: 0;
  }
  ul {
    list-style: none;
  }
  button {
    font: inherit;
    color: inherit;
    cursor: pointer;
  }
  .button {
    min-height: 32px;
    padding: 4px 12px;
    border: 1px solid var(--_border-strong);
    border-radius: 6px;
    background: var(--_surface);
    font-weight: 500;
  }
  .button:hover {
    background: var(--_accent-soft);
  }
  .quiet {
    color: var(--_text-quiet);
  }
  .card {
    background: var(--_surface);
    border: 1px solid var(--_border);
    border-radius: var(--_radius);
  }
  svg.icon {
    width: 1em;
    height: 1em;
    flex: none;
    vertical-align: -0.125em;
  }
  /* The browser's green would say that much is good. */
  meter::-webkit-meter-optimum-value {
    background: var(--_accent);
  }
  meter::-moz-meter-bar {
    background: var(--_accent);
  }
  .note {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px 10px;
    color: var(--_text-quiet);
    font-size: 13px;
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  a {
    color: var(--_accent);
  }
  kbd {
    padding: 0 5px;
    border: 1px solid var(--_border);
    border-radius: 4px;
    font-family: var(--_font-mono);
    font-size: 12px;
    white-space: nowrap;
  }
  .field {
    min-height: 32px;
    padding: 4px 8px;
    border: 1px solid var(--_border-strong);
    border-radius: 6px;
    background: var(--_surface);
    color: inherit;
    font: inherit;
  }
  code {
    font-family: var(--_font-mono);
    font-size: 0.93em;
    overflow-wrap: anywhere;
  }
  @media (pointer: coarse) {
    .button,
    .field {
      min-height: 44px;
    }
  }
`;
