import { css } from 'lit';

export const styles = css`
  :host {
    display: block;
  }
  header {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto;
    gap: 2px 10px;
    align-items: baseline;
  }
  header > .icon {
    align-self: center;
    width: 22px;
    height: 22px;
  }
  h2 {
    margin: 0;
    font-size: 20px;
    font-weight: 600;
    line-height: 1.3;
    overflow-wrap: anywhere;
  }
  h3 {
    margin-bottom: 8px;
    font-size: 15px;
    font-weight: 600;
  }
  .score {
    padding: 2px 10px;
    border: 1px solid var(--_border-strong);
    border-radius: 999px;
    font-weight: 600;
    white-space: nowrap;
  }
  .facts {
    grid-column: 2 / -1;
    color: var(--_text-quiet);
  }
  .open:is(.critical, .page) > .icon,
  .firing:is(.critical, .page) > .icon {
    color: var(--_critical);
  }
  .open.warning > .icon,
  .firing.warning > .icon {
    color: var(--_warning);
  }
  .open.info > .icon,
  .firing.info > .icon {
    color: var(--_info);
  }
  .resolved > .icon {
    color: var(--_ok);
  }
  .actions,
  .inline {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
  }
  .actions {
    margin-top: 14px;
  }
  .actions [aria-pressed='true'] {
    background: var(--_accent-soft);
    border-color: var(--_accent);
  }
  .said {
    min-height: 1.5em;
    margin: 6px 0;
  }
  .columns {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 16px;
  }
  .main,
  .side {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 16px;
    align-content: start;
  }
  section {
    padding: 14px 16px;
    border: 1px solid var(--_border);
    border-radius: var(--_radius);
    background: var(--_surface);
    overflow-wrap: anywhere;
  }
  section[part='changes'] {
    container-type: inline-size;
  }
  table {
    width: 100%;
    border-collapse: collapse;
  }
  th,
  td {
    padding: 6px 10px 6px 0;
    border-top: 1px solid var(--_border);
    text-align: start;
    vertical-align: top;
    font-weight: 400;
  }
  thead th {
    border-top: 0;
    color: var(--_text-quiet);
    font-size: 13px;
  }
  tbody th {
    min-width: 180px;
  }
  td {
    overflow-wrap: normal;
  }
  .number {
    text-align: end;
    white-space: nowrap;
  }
  .note {
    display: block;
    font-size: 13px;
  }
  section[part='chart'] {
    padding: 0;
    border: 0;
    background: none;
  }
  meter {
    width: 64px;
    height: 10px;
    margin-inline-start: 8px;
    vertical-align: middle;
  }
  .timeline {
    display: grid;
    gap: 8px;
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .timeline li {
    display: grid;
    grid-template-columns: 132px 130px minmax(0, 1fr);
    gap: 2px 10px;
  }
  .timeline time {
    color: var(--_text-quiet);
    font-size: 13px;
    white-space: nowrap;
  }
  .kind {
    display: flex;
    gap: 6px;
    /* Beside the first of several lines. */
    align-self: start;
    align-items: baseline;
    font-weight: 600;
  }
  .kind .icon {
    align-self: center;
  }
  .timeline .unsent,
  .timeline .held {
    color: var(--_text-quiet);
  }
  .timeline :is(.opened, .reopened) .icon {
    color: var(--_critical);
  }
  .timeline .resolved .icon {
    color: var(--_ok);
  }
  .timeline :is(.event, .anomaly) .icon {
    color: var(--_info);
  }
  .what {
    white-space: pre-line;
  }
  .check {
    display: flex;
    gap: 8px;
    align-items: center;
    min-height: 32px;
    margin-top: 10px;
  }
  .comment {
    display: grid;
    gap: 8px;
    justify-items: start;
    margin-top: 12px;
  }
  .comment label {
    display: grid;
    gap: 4px;
    width: 100%;
  }
  dl {
    display: grid;
    gap: 8px;
  }
  .part dt {
    font-size: 13px;
    color: var(--_text-quiet);
  }
  .part dd {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 0 10px;
    align-items: center;
  }
  .part meter {
    margin: 0;
  }
  .part dd .quiet {
    grid-column: 1 / -1;
    font-size: 13px;
  }
  .plain {
    display: grid;
    gap: 6px;
  }
  .alerts li {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 8px;
    align-items: baseline;
  }
  .link {
    min-height: 24px;
    padding: 0;
    border: 0;
    background: none;
    color: var(--_accent);
    text-decoration: underline;
  }
  .empty {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
    padding: 14px;
  }
  .empty.failed .icon {
    color: var(--_critical);
  }
  /* Too narrow for columns: each metric is a line of its own, with its values named below it. */
  @container (max-width: 560px) {
    table,
    tbody {
      display: block;
    }
    thead {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
    }
    tbody tr {
      display: grid;
      grid-template-columns: repeat(2, minmax(0, 1fr));
      gap: 4px 12px;
      padding: 8px 0;
      border-top: 1px solid var(--_border);
    }
    tbody tr:first-child {
      padding-top: 0;
      border-top: 0;
    }
    tbody :is(th, td) {
      min-width: 0;
      padding: 0;
      border: 0;
    }
    .number {
      text-align: start;
    }
    tbody th {
      grid-column: 1 / -1;
    }
    td::before {
      content: attr(data-name);
      /* The table's head says it to a screen reader; a browser that knows no text for one keeps the line above. */
      content: attr(data-name) / '';
      display: block;
      color: var(--_text-quiet);
      font-size: 13px;
    }
  }
  @media (min-width: 1080px) {
    .columns {
      grid-template-columns: minmax(0, 1fr) 320px;
    }
  }
  @media (max-width: 640px) {
    header {
      grid-template-columns: auto minmax(0, 1fr);
    }
    .score {
      grid-column: 2;
      justify-self: start;
    }
    .timeline li {
      grid-template-columns: minmax(0, 1fr) auto;
    }
    .timeline time {
      grid-row: 1;
      grid-column: 2;
    }
    .timeline .kind {
      grid-row: 1;
      grid-column: 1;
    }
    .what {
      grid-column: 1 / -1;
    }
    .actions .button,
    .actions .field,
    .actions .inline {
      flex: 1 1 auto;
    }
  }
`;
