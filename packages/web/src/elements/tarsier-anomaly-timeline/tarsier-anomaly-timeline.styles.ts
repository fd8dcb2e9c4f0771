import { css } from 'lit';

export const styles = css`
  :host {
    display: block;
    min-width: 0;
  }
  section {
    padding: 10px 14px;
  }
  .message {
    display: flex;
    align-items: center;
    gap: 8px;
    padding: 14px;
  }
  .calm .icon {
    color: var(--_ok);
  }
  .lane {
    display: grid;
    grid-template-columns: minmax(60px, 160px) minmax(0, 1fr);
    align-items: center;
    gap: 8px;
    min-height: 30px;
    border-bottom: 1px solid var(--_border);
  }
  .host {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    font-size: 13px;
  }
  .track {
    position: relative;
    height: 24px;
    overflow: hidden;
  }
  .track li {
    position: absolute;
    top: 0;
    bottom: 0;
    min-width: 24px;
  }
  .track button {
    position: relative;
    display: block;
    width: 100%;
    height: 24px;
    padding: 0;
    border: 0;
    background: none;
  }
  .track button::before {
    content: '';
    position: absolute;
    inset: 7px 0;
    border: 2px solid var(--_anomaly);
    border-radius: 3px;
    background: var(--_surface);
  }
  /* One that would wake somebody is filled. */
  .track button.page::before {
    background: var(--_anomaly);
  }
  .track button[aria-expanded='true']::before {
    outline: 2px solid var(--_focus);
    outline-offset: 1px;
  }
  .track button:focus-visible {
    outline-offset: -2px;
  }
  .times {
    display: flex;
    justify-content: space-between;
    margin-inline-start: min(168px, 30%);
    padding-top: 4px;
    font-size: 12px;
  }
  .detail {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 8px;
    margin-top: 10px;
    padding-top: 10px;
    border-top: 1px solid var(--_border);
  }
  h4 {
    margin: 0;
    font-size: 13px;
    font-weight: 600;
  }
  .contributors {
    display: grid;
    gap: 6px;
  }
  .contributors li {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 12px;
  }
  .contributors .quiet {
    flex: 1;
    font-size: 13px;
  }
  .verdict {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }
`;
