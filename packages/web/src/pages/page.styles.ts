import { css } from 'lit';

/** What the pages have alike: headings, and grids that become one column on a phone. */
export const pageStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 20px;
  }
  h1 {
    font-size: 20px;
    font-weight: 600;
    letter-spacing: -0.01em;
    line-height: 1.3;
  }
  h2 {
    margin: 0 0 10px;
    font-size: 17px;
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .quiet {
    max-width: 75ch;
  }
  .with-side {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 20px;
  }
  .charts {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr));
    gap: 12px;
  }
  .crumbs {
    font-size: 13px;
    margin-bottom: -12px;
  }
  .add {
    padding: 12px 16px;
  }
  .add summary {
    cursor: pointer;
    font-weight: 500;
  }
  @media (min-width: 1180px) {
    .with-side {
      grid-template-columns: minmax(0, 1fr) 320px;
    }
  }
  @media (min-width: 1800px) {
    .with-side {
      grid-template-columns: minmax(0, 1fr) 400px;
    }
  }
`;
