import { css } from 'lit';

export const styles = css`
  :host {
    display: block;
  }
  ul {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 232px), 1fr));
    gap: 12px;
  }
  li button {
    display: grid;
    gap: 8px;
    width: 100%;
    height: 100%;
    padding: 12px 14px;
    text-align: start;
  }
  li button:hover {
    border-color: var(--_border-strong);
  }
  li button[aria-current='true'] {
    border-color: var(--_accent);
    box-shadow: inset 0 0 0 1px var(--_accent);
  }
  .head {
    display: flex;
    align-items: baseline;
    gap: 8px;
    min-width: 0;
  }
  .name {
    flex: 1;
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    font-weight: 600;
  }
  .state {
    display: inline-flex;
    gap: 5px;
    align-items: baseline;
    font-size: 13px;
    white-space: nowrap;
  }
  .state.up .icon {
    color: var(--_ok);
  }
  .state.stale .icon {
    color: var(--_warning);
  }
  .state.unusual .icon {
    color: var(--_anomaly);
  }
  .state.warning .icon {
    color: var(--_warning);
  }
  .state:is(.critical, .page) .icon {
    color: var(--_critical);
  }
  .state.info .icon {
    color: var(--_info);
  }
  .vital {
    display: grid;
    grid-template-columns: 4.6em 3.9em minmax(0, 1fr);
    gap: 8px;
    align-items: center;
    font-size: 13px;
  }
  .vital .none {
    grid-column: 2 / -1;
  }
  .vital .value {
    text-align: end;
  }
  .spark {
    display: block;
    width: 100%;
    height: 20px;
    overflow: visible;
  }
  .spark path {
    fill: none;
    stroke-width: 1.5;
    vector-effect: non-scaling-stroke;
    stroke-linejoin: round;
  }
  .cpu path {
    stroke: var(--_series-1);
  }
  .memory path {
    stroke: var(--_series-2);
  }
  .seen {
    font-size: 13px;
  }
  .message {
    padding: 16px;
    display: grid;
    gap: 8px;
  }
  .skeleton {
    height: 104px;
    list-style: none;
  }
`;
