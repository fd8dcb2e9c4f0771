import { css } from 'lit';

/** Tables of numbers, which scroll by themselves where they are wider than their place. */
export const tableStyles = css`
  .scroll {
    overflow: auto;
    max-height: 420px;
    /* A shade at the side where there is more: covers that scroll along hide it at the ends. */
    background:
      linear-gradient(to right, var(--_surface) 60%, transparent) left / 28px 100% local,
      linear-gradient(to left, var(--_surface) 60%, transparent) right / 28px 100% local,
      linear-gradient(to right, var(--_grid), transparent) left / 10px 100% scroll,
      linear-gradient(to left, var(--_grid), transparent) right / 10px 100% scroll;
    background-repeat: no-repeat;
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
