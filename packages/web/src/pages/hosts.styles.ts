import { css } from 'lit';

export const styles = css`
  :host {
    display: block;
  }
  h1 {
    font-size: 20px;
    font-weight: 600;
    letter-spacing: -0.01em;
    line-height: 1.3;
  }
  h2 {
    margin: 0;
    font-size: 17px;
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .top {
    display: grid;
    gap: 14px;
  }
  .body {
    display: grid;
    gap: 14px 20px;
    margin-top: 24px;
  }
  .heading {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 2px 12px;
    min-height: 28px;
    margin-bottom: 10px;
  }
  .charts {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr));
    gap: 12px;
  }
  .start {
    display: grid;
    gap: 10px;
    padding: 24px;
  }
  .start pre {
    margin: 0;
    padding: 12px 14px;
    overflow-x: auto;
    border-radius: 6px;
    background: var(--_page);
    border: 1px solid var(--_border);
  }
  @media (min-width: 1180px) {
    .body {
      grid-template-columns: minmax(0, 1fr) 320px;
    }
    .body > section:first-child {
      grid-column: 2;
      grid-row: 1;
    }
  }
  @media (min-width: 1800px) {
    .body {
      grid-template-columns: minmax(0, 1fr) 400px;
    }
    .charts {
      grid-template-columns: repeat(auto-fill, minmax(560px, 1fr));
      --tarsier-chart-height: 240px;
    }
  }
`;
