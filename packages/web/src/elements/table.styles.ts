import { css } from 'lit';

/** Tables of numbers, which scroll by themselves where they are wider than their place. */
export const tableStyles = css`
  .scroll {
    overflow: auto;
    max-height: 420px;
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: 13px;
  }
  th,
  td {
    padding: 6px 10px;
    border-bottom: 1px solid var(--_border);
    text-align: end;
    vertical-align: baseline;
  }
  th:first-child,
  td.text,
  th.text {
    text-align: start;
  }
  thead th {
    color: var(--_text-quiet);
    font-weight: 500;
    white-space: nowrap;
  }
  tbody th {
    font-weight: 500;
  }
  tbody tr:last-child > * {
    border-bottom: 0;
  }
`;
