import { css } from 'lit';

export const styles = css`
  form,
  .list,
  .failed {
    padding: 16px 20px;
  }
  .fields {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 150px), 1fr));
    gap: 10px 14px;
  }
  .expr {
    grid-column: 1 / -1;
  }
  .expr input {
    font-family: var(--_font-mono);
  }
  label {
    display: grid;
    gap: 3px;
    font-size: 13px;
    color: var(--_text-quiet);
  }
  .shadow {
    display: flex;
    gap: 8px;
    align-items: center;
    min-height: 28px;
    margin-top: 10px;
  }
  .field {
    min-width: 0;
    width: 100%;
  }
  [aria-invalid='true'] {
    border-color: var(--_critical);
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
    margin-top: 14px;
  }
  .button:disabled {
    opacity: 0.5;
    cursor: default;
  }
  .refused {
    display: flex;
    gap: 8px;
    margin-top: 10px;
    color: var(--_critical);
  }
  li {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 2px 10px;
    padding: 8px 0;
    border-bottom: 1px solid var(--_border);
  }
  li:last-child {
    border-bottom: 0;
  }
  li code {
    flex-basis: 100%;
    margin-inline-start: 24px;
    color: var(--_text-quiet);
  }
  .name {
    font-weight: 500;
  }
  .off {
    opacity: 0.7;
  }
`;
