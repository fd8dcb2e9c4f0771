import { css } from 'lit';

export const styles = css`
  :host {
    display: block;
  }
  li {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto auto;
    gap: 2px 10px;
    padding: 10px 14px;
    border-top: 1px solid var(--_border);
  }
  li:first-child {
    border-top: 0;
  }
  .more {
    margin-top: 8px;
    width: 100%;
  }
  .icon {
    margin-top: 0.2em;
  }
  .name {
    padding: 0;
    border: 0;
    background: none;
    font-weight: 600;
    text-align: start;
    color: inherit;
    text-decoration: none;
    overflow-wrap: anywhere;
  }
  .name:hover {
    text-decoration: underline;
  }
  .priority {
    grid-column: 3;
    align-self: start;
    min-width: 2.2em;
    padding: 0 6px;
    border: 1px solid var(--_border-strong);
    border-radius: 999px;
    font-size: 13px;
    font-weight: 600;
    text-align: center;
  }
  .since {
    grid-column: 4;
    font-size: 13px;
    white-space: nowrap;
    text-align: end;
  }
  .detail {
    grid-column: 2 / -1;
    font-size: 13px;
    overflow-wrap: anywhere;
  }
  .severity {
    font-weight: 600;
  }
  .open:is(.critical, .page) .severity,
  .open:is(.critical, .page) > .icon {
    color: var(--_critical);
  }
  .open.warning .severity,
  .open.warning > .icon {
    color: var(--_warning);
  }
  .open.info .severity,
  .open.info > .icon {
    color: var(--_info);
  }
  .resolved > .icon {
    color: var(--_ok);
  }
  .resolved .name,
  .resolved .severity {
    font-weight: 500;
  }
  .chip {
    display: inline-block;
    margin-inline-start: 6px;
    padding: 0 8px;
    border: 1px solid var(--_border);
    border-radius: 999px;
    background: var(--_page);
  }
  .actions {
    grid-column: 2 / -1;
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    margin-top: 6px;
  }
  .actions .button,
  .actions .field {
    min-height: 30px;
    padding-block: 2px;
    font-size: 13px;
  }
  .filters {
    display: flex;
    flex-wrap: wrap;
    gap: 10px 14px;
    align-items: end;
    margin-bottom: 12px;
  }
  .filters label {
    display: grid;
    gap: 2px;
    font-size: 13px;
  }
  .filters output {
    min-height: 32px;
    display: flex;
    align-items: center;
  }
  .empty {
    display: flex;
    gap: 8px;
    align-items: baseline;
    padding: 14px;
  }
  .empty .icon {
    color: var(--_ok);
  }
  .empty.failed .icon {
    color: var(--_critical);
  }
  @media (pointer: coarse) {
    .name {
      min-height: 24px;
    }
    .actions .button,
    .actions .field {
      min-height: 44px;
    }
  }
  @media (max-width: 480px) {
    .filters {
      display: grid;
      grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    }
    .filters .field {
      width: 100%;
    }
    .filters output {
      grid-column: 1 / -1;
      min-height: 0;
    }
  }
`;
