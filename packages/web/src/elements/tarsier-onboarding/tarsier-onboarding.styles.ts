import { css } from 'lit';

export const styles = css`
  :host {
    display: block;
  }
  .start {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 10px;
    padding: 24px;
  }
  h2 {
    font-size: 17px;
    font-weight: 600;
  }
  .command {
    display: flex;
    flex-wrap: wrap;
    align-items: start;
    gap: 8px;
  }
  pre {
    flex: 1 1 320px;
    min-width: 0;
    margin: 0;
    padding: 12px 14px;
    overflow-x: auto;
    border: 1px solid var(--_border);
    border-radius: 6px;
    background: var(--_page);
  }
  pre code {
    overflow-wrap: normal;
  }
  .waiting,
  .arrived {
    display: flex;
    align-items: center;
    gap: 8px;
  }
  .arrived .icon {
    color: var(--_ok);
  }
`;
