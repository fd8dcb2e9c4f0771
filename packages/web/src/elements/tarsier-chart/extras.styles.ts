import { css } from 'lit';

export const styles = css`
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
  @media (pointer: coarse) {
    .menu button {
      min-width: 44px;
      min-height: 44px;
    }
  }
`;
