import { css } from 'lit';

export const styles = css`
  form {
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
`;

/** Of the list of all rules. */
export const listStyles = css`
  ul {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  h3 {
    margin-top: 10px;
  }
  li {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto;
    gap: 2px 10px;
    align-items: baseline;
    padding: 8px 0;
    border-bottom: 1px solid var(--_border);
  }
  li.group {
    grid-template-columns: minmax(0, 1fr);
  }
  li:last-child {
    border-bottom: 0;
  }
  li > code,
  li > .wrong {
    grid-column: 2 / -1;
    overflow-wrap: anywhere;
  }
  li.group > .wrong {
    grid-column: 1;
  }
  li > code {
    color: var(--_text-quiet);
  }
  .name {
    font-weight: 500;
  }
  .off .name {
    color: var(--_text-quiet);
    font-weight: 400;
  }
  li .actions {
    display: flex;
    gap: 6px;
  }
  .wrong {
    display: flex;
    gap: 8px;
    align-items: baseline;
    margin: 2px 0 0;
    color: var(--_warning);
  }
  @media (max-width: 640px) {
    li .actions {
      grid-column: 2 / -1;
      grid-row: 3;
      margin-top: 4px;
    }
  }
`;
