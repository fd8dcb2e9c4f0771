import { css } from 'lit';

export const styles = css`
  :host {
    display: block;
  }
  li {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto;
    gap: 2px 8px;
    padding: 10px 14px;
    border-top: 1px solid var(--_border);
  }
  li:first-child {
    border-top: 0;
  }
  .icon {
    margin-top: 0.2em;
  }
  .name {
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .since {
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
  .firing:is(.critical, .page) .severity,
  .firing:is(.critical, .page) > .icon {
    color: var(--_critical);
  }
  .firing.warning .severity,
  .firing.warning > .icon {
    color: var(--_warning);
  }
  .firing.info .severity,
  .firing.info > .icon {
    color: var(--_info);
  }
  .resolved > .icon {
    color: var(--_ok);
  }
  .resolved .name,
  .pending .name {
    font-weight: 500;
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
`;
