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
    container-type: inline-size;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: flex-end;
    gap: 4px 8px;
    min-height: 28px;
  }
  h3 {
    /* What stands beside it goes below it, rather than leaving it a letter's width. */
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
  .tools {
    display: flex;
    gap: 4px;
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
  /* What is said of a narrow chart stands below its title and tools, rather than between them. */
  @container (max-width: 420px) {
    .badge {
      order: 1;
      flex: 0 0 100%;
    }
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
  /* What uPlot draws into: its own style sheet is that of a legend, mostly. */
  .uplot {
    width: min-content;
  }
  .u-wrap {
    position: relative;
    user-select: none;
  }
  .uplot canvas {
    position: relative;
    display: block;
    width: 100%;
    height: 100%;
  }
  .u-over,
  .u-under,
  .u-axis,
  .u-select,
  .u-cursor-x,
  .u-cursor-pt {
    position: absolute;
  }
  .u-under {
    overflow: hidden;
  }
  .u-over {
    touch-action: pan-y;
  }
  .u-select,
  .u-cursor-x,
  .u-cursor-pt {
    pointer-events: none;
  }
  .u-cursor-x,
  .u-cursor-pt {
    top: 0;
    left: 0;
    will-change: transform;
  }
  .u-select {
    background: color-mix(in srgb, var(--_accent) 16%, transparent);
  }
  .u-cursor-x {
    height: 100%;
    border-right: 1px dashed var(--_text-quiet);
  }
  .u-cursor-pt {
    border: 0 solid;
    border-radius: 50%;
  }
  .u-off {
    display: none;
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
  .menu-button {
    anchor-name: --menu;
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
  .sentinel {
    color: var(--_text);
    transition: color 1ms;
  }
  @media (pointer: coarse) {
    .tool,
    .legend button {
      min-width: 44px;
      min-height: 44px;
    }
  }
`;
