import { css } from 'lit';

export const styles = css`
  :host {
    display: block;
    contain: layout style;
    min-width: 0;
  }
  figure {
    display: flex;
    flex-direction: column;
    height: 100%;
    padding: 12px 14px 10px;
  }
  figcaption {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: flex-end;
    gap: 4px 8px;
    min-height: 28px;
  }
  h3 {
    /* On a phone what stands beside the title goes below it, rather than leaving it a letter's width. */
    flex: 1 1 7em;
    min-width: 0;
    font-size: 14px;
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .badge {
    display: inline-flex;
    align-items: center;
    gap: 5px;
    font-size: 13px;
    white-space: nowrap;
    color: var(--_text-quiet);
  }
  .badge.anomaly .icon,
  .badge.stale .icon {
    color: var(--_anomaly);
  }
  .tool {
    display: inline-grid;
    place-items: center;
    width: 28px;
    height: 28px;
    padding: 0;
    border: 1px solid transparent;
    border-radius: 6px;
    background: none;
    color: var(--_text-quiet);
  }
  .tool:hover,
  .tool[aria-pressed='true'] {
    color: var(--_accent);
    background: var(--_accent-soft);
  }
  .frame {
    position: relative;
    height: var(--tarsier-chart-height, 190px);
    margin-top: 4px;
    touch-action: pan-y;
    border-radius: 4px;
  }
  /* Nothing to draw needs no room for it. */
  .frame.without {
    height: min(var(--tarsier-chart-height, 190px), 72px);
  }
  .plot {
    position: absolute;
    inset: 0;
    overflow: hidden;
  }
  .plot .uplot {
    font-family: inherit;
  }
  .plot .u-over {
    touch-action: pan-y;
  }
  .plot .u-select {
    background: color-mix(in srgb, var(--_accent) 16%, transparent);
  }
  .plot .u-cursor-x {
    border-right: 1px dashed var(--_text-quiet);
  }
  .handle {
    position: absolute;
    top: -12px;
    right: 0;
    width: 24px;
    height: 24px;
    cursor: ns-resize;
    touch-action: none;
  }
  .handle::before {
    content: '';
    position: absolute;
    inset: 8px 2px;
    border-radius: 4px;
    background: var(--_warning);
  }
  .proposal {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    margin-top: 6px;
  }
  .menu {
    position: fixed;
    position-anchor: --menu;
    position-area: bottom span-left;
    position-try-fallbacks: flip-block, flip-inline;
    min-width: 200px;
    margin: 2px 0;
    padding: 4px;
    border: 1px solid var(--_border-strong);
    border-radius: 6px;
    background: var(--_surface);
    color: var(--_text);
  }
  .menu button {
    display: block;
    width: 100%;
    min-height: 32px;
    padding: 4px 10px;
    border: 0;
    border-radius: 4px;
    background: none;
    text-align: start;
  }
  .menu button:is(:hover, :focus-visible) {
    background: var(--_accent-soft);
  }
  .menu-button {
    anchor-name: --menu;
  }
  .help {
    width: min(480px, calc(100vw - 32px));
    padding: 20px 24px;
    border: 1px solid var(--_border-strong);
    border-radius: var(--_radius);
    background: var(--_surface);
    color: var(--_text);
  }
  .help::backdrop {
    background: rgb(0 0 0 / 45%);
  }
  .help dl {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 6px 16px;
    margin-bottom: 16px;
  }
  .help dt {
    font-family: var(--_font-mono);
    font-size: 13px;
  }
  .pages {
    display: flex;
    align-items: center;
    gap: 10px;
    margin-top: 8px;
    font-size: 13px;
  }
  .stale .plot {
    opacity: 0.55;
  }
  .note {
    position: absolute;
    inset: 0;
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 6px;
    padding: 16px;
    text-align: center;
    color: var(--_text-quiet);
  }
  .note strong {
    color: var(--_text);
  }
  .tooltip {
    position: absolute;
    z-index: 1;
    top: 4px;
    left: 0;
    max-width: 240px;
    padding: 8px 10px;
    border: 1px solid var(--_border-strong);
    border-radius: 6px;
    background: var(--_surface);
    font-size: 13px;
    pointer-events: none;
  }
  .tooltip .row {
    display: grid;
    grid-template-columns: 10px minmax(0, 1fr) auto;
    gap: 8px;
    align-items: center;
  }
  .tooltip .row span:nth-child(2) {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .legend {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(170px, 1fr));
    gap: 0 10px;
    margin-top: 6px;
    font-size: 13px;
  }
  .legend button {
    display: grid;
    grid-template-columns: 12px minmax(0, 1fr) auto;
    gap: 7px;
    align-items: center;
    width: 100%;
    min-height: 26px;
    padding: 1px 6px;
    border: 0;
    border-radius: 4px;
    background: none;
    text-align: start;
  }
  .legend button:hover {
    background: var(--_accent-soft);
  }
  .legend .name {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    color: var(--_text-quiet);
  }
  .legend button[aria-pressed='false'] .name {
    text-decoration: line-through;
  }
  .legend button[aria-pressed='false'] .swatch {
    background: none;
    box-shadow: inset 0 0 0 1.5px var(--_border-strong);
  }
  .legend .others {
    padding: 3px 6px;
  }
  .swatch {
    width: 10px;
    height: 10px;
    border-radius: 2px;
  }
  .slot-0 {
    background: var(--_series-1);
  }
  .slot-1 {
    background: var(--_series-2);
  }
  .slot-2 {
    background: var(--_series-3);
  }
  .slot-3 {
    background: var(--_series-4);
  }
  .slot-4 {
    background: var(--_series-5);
  }
  .slot-5 {
    background: var(--_series-6);
  }
  .slot-6 {
    background: var(--_series-7);
  }
  .slot-7 {
    background: var(--_series-8);
  }
  .table {
    max-height: 320px;
    margin-top: 8px;
    overflow: auto;
    border-top: 1px solid var(--_border);
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: 13px;
  }
  th,
  td {
    padding: 3px 8px;
    text-align: end;
    white-space: nowrap;
    border-bottom: 1px solid var(--_border);
  }
  thead th {
    position: sticky;
    top: 0;
    background: var(--_surface);
  }
  th:first-child {
    text-align: start;
    font-weight: 500;
  }
  .sentinel {
    color: var(--_text);
    transition: color 1ms;
  }
  @media (pointer: coarse) {
    .tool,
    .menu button,
    .legend button {
      min-width: 44px;
      min-height: 44px;
    }
  }
`;
