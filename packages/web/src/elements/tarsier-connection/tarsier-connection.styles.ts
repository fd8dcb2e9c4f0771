import { css } from 'lit';

export const styles = css`
  :host {
    display: inline-flex;
  }
  .pill {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    padding: 3px 10px;
    border: 1px solid var(--_border);
    border-radius: 999px;
    background: var(--_surface);
    font-size: 13px;
    white-space: nowrap;
  }
  @media (max-width: 560px) {
    .quiet {
      display: none;
    }
  }
  .live .icon {
    color: var(--_ok);
  }
  .offline .icon,
  .signed-out .icon {
    color: var(--_critical);
  }
  .connecting .icon {
    color: var(--_text-quiet);
  }
`;
