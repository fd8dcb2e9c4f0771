import { css } from 'lit';

/** What the parts of the page of alerts have alike. */
export const partStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 14px;
  }
  .card {
    padding: 14px 16px;
  }
  .noise {
    display: grid;
    gap: 8px;
  }
  .noise meter {
    width: 96px;
    margin-inline-end: 8px;
    vertical-align: middle;
  }
  summary {
    min-height: 24px;
    cursor: pointer;
    font-weight: 500;
  }
  h2,
  h3 {
    margin: 0 0 8px;
    font-size: 15px;
    font-weight: 600;
  }
  .scroll {
    overflow-x: auto;
  }
  table {
    width: 100%;
    border-collapse: collapse;
  }
  th,
  td {
    padding: 8px 12px 8px 0;
    border-top: 1px solid var(--_border);
    text-align: start;
    vertical-align: top;
    font-weight: 400;
    overflow-wrap: anywhere;
  }
  thead :is(th, td) {
    border-top: 0;
    color: var(--_text-quiet);
    font-size: 13px;
  }
  .number {
    text-align: end;
  }
  .number,
  td.actions {
    white-space: nowrap;
  }
  form,
  fieldset {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 10px;
    justify-items: start;
  }
  form {
    max-width: 560px;
    margin-top: 10px;
  }
  form label {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 4px;
    width: 100%;
    font-weight: 500;
  }
  form label .field {
    max-width: 100%;
    font-weight: 400;
  }
  textarea.field {
    font-family: var(--_font-mono);
  }
  fieldset {
    width: 100%;
    box-sizing: border-box;
    min-width: 0;
    margin: 0;
    padding: 10px 12px;
    border: 1px solid var(--_border);
    border-radius: 6px;
  }
  legend {
    padding: 0 4px;
    font-weight: 500;
  }
  .checks,
  .beside,
  .form-buttons {
    display: flex;
    flex-wrap: wrap;
    gap: 6px 16px;
    width: 100%;
  }
  .beside > label {
    flex: 1 1 140px;
    width: auto;
  }
  .form-buttons {
    gap: 8px;
    margin: 4px 0 0;
  }
  form label.check,
  .check {
    display: flex;
    gap: 8px;
    align-items: center;
    width: auto;
    min-height: 28px;
    font-weight: 400;
  }
  .button.primary {
    border-color: var(--_accent);
  }
  form details {
    display: grid;
    gap: 10px;
    width: 100%;
  }
  form details[open] > :not(summary) {
    margin-top: 10px;
  }
  .below {
    display: block;
  }
  .tree {
    display: grid;
    gap: 0;
    margin: 10px 0 0;
    padding-inline-start: 22px;
  }
  ul.tree {
    padding: 0;
    list-style: none;
  }
  .branch {
    padding: 8px 10px;
    border-top: 1px solid var(--_border);
    overflow-wrap: anywhere;
  }
  .branch p {
    margin: 4px 0 0;
  }
  .branch[aria-current] {
    background: var(--_accent-soft);
    box-shadow: inset 3px 0 0 var(--_accent);
  }
  @media (max-width: 640px) {
    /* A column of single letters says nothing; what is too wide is scrolled. */
    th,
    td {
      min-width: 5em;
      overflow-wrap: break-word;
    }
    td.actions {
      min-width: 10em;
      white-space: normal;
    }
    td.actions .button {
      margin-block-end: 4px;
    }
  }
  .said {
    margin: 0;
  }
  /* It stays where a screen reader looks, and takes no place while it says nothing. */
  .said:empty {
    position: absolute;
  }
  pre {
    margin: 0;
    padding: 12px;
    overflow-x: auto;
    border: 1px solid var(--_border);
    border-radius: 6px;
    background: var(--_page);
    white-space: pre-wrap;
  }
  img {
    max-width: 100%;
    height: auto;
    margin-top: 10px;
    border: 1px solid var(--_border);
  }
`;
