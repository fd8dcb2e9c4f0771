import { css } from 'lit';

export const styles = css`
  :host {
    display: block;
    min-width: 0;
  }
  .row {
    position: relative;
    display: flex;
    align-items: center;
    gap: 2px;
    min-width: 0;
  }
  .button {
    border-color: var(--_border);
    white-space: nowrap;
  }
  .range {
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    anchor-name: --range;
  }
  .icon-button {
    display: inline-grid;
    place-items: center;
    flex: none;
    width: 30px;
    height: 32px;
    padding: 0;
    border: 0;
    border-radius: 6px;
    background: none;
    color: var(--_text-quiet);
  }
  .icon-button:hover:not(:disabled) {
    color: var(--_accent);
    background: var(--_accent-soft);
  }
  .icon-button:disabled {
    opacity: 0.4;
    cursor: default;
  }
  .pause {
    position: relative;
    display: inline-flex;
    overflow: hidden;
    align-items: center;
    gap: 6px;
    font-weight: 400;
  }
  .paused {
    border-color: var(--_accent);
    color: var(--_accent);
  }
  .menu {
    position: fixed;
    position-anchor: --range;
    position-area: bottom span-left;
    position-try-fallbacks: flip-inline;
    width: min(340px, calc(100vw - 24px));
    margin: 6px 0;
    padding: 14px;
    border: 1px solid var(--_border-strong);
    border-radius: var(--_radius);
    background: var(--_surface);
    color: var(--_text);
  }
  .presets {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 6px;
  }
  .presets .button {
    text-align: start;
    font-weight: 400;
  }
  .presets .button[aria-pressed='true'] {
    border-color: var(--_accent);
    color: var(--_accent);
  }
  form {
    display: grid;
    gap: 8px;
    margin-top: 12px;
    padding-top: 12px;
    border-top: 1px solid var(--_border);
  }
  label {
    display: grid;
    gap: 2px;
    font-size: 13px;
    color: var(--_text-quiet);
  }
  .problem {
    color: var(--_critical);
    font-size: 13px;
  }
  .problem:empty {
    display: none;
  }
  fieldset {
    display: grid;
    gap: 2px;
    margin: 12px 0 0;
    padding: 8px 0 0;
    border: 0;
    border-top: 1px solid var(--_border);
  }
  legend {
    float: inline-start;
    padding: 0;
    font-size: 13px;
    color: var(--_text-quiet);
  }
  .choice {
    display: flex;
    align-items: center;
    gap: 8px;
    min-height: 26px;
    color: var(--_text);
  }
  @media (max-width: 720px) {
    .pause span {
      position: absolute;
      clip-path: inset(50%);
    }
    .range {
      flex: 1;
    }
  }
  @media (pointer: coarse) {
    .icon-button {
      width: 44px;
      height: 44px;
    }
    .choice {
      min-height: 44px;
    }
  }
`;
