import { css } from 'lit';

export const styles = css`
  dialog {
    width: min(620px, calc(100vw - 24px));
    margin: 12vh auto auto;
    padding: 0;
    border: 1px solid var(--_border-strong);
    border-radius: 10px;
    background: var(--_surface);
    color: var(--_text);
    overflow: hidden;
  }
  dialog::backdrop {
    background: rgb(0 0 0 / 45%);
  }
  .field-row {
    display: flex;
    align-items: center;
    gap: 10px;
    padding: 0 16px;
    border-bottom: 1px solid var(--_border);
    color: var(--_text-quiet);
  }
  input {
    flex: 1;
    min-width: 0;
    min-height: 48px;
    border: 0;
    outline: none;
    background: none;
    color: var(--_text);
    font: inherit;
    font-size: 16px;
  }
  ul {
    max-height: min(420px, 60vh);
    padding: 6px;
    overflow-y: auto;
  }
  li {
    display: flex;
    align-items: center;
    gap: 12px;
    min-height: 36px;
    padding: 4px 10px;
    border-radius: 6px;
    cursor: pointer;
  }
  li[aria-selected='true'] {
    background: var(--_accent-soft);
    box-shadow: inset 3px 0 0 var(--_accent);
  }
  .text {
    flex: 1;
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  li .quiet {
    font-size: 13px;
  }
  .none {
    padding: 18px 16px;
  }
  @media (pointer: coarse) {
    li {
      min-height: 44px;
    }
  }
`;
