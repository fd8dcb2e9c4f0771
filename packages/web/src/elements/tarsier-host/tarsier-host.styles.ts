import { css } from 'lit';

export const styles = css`
  :host {
    display: block;
    min-width: 0;
  }
  .heading {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 2px 12px;
    min-height: 28px;
    margin-bottom: 10px;
  }
  h2 {
    font-size: 17px;
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  tarsier-health {
    margin-bottom: 12px;
  }
  .charts {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr));
    gap: 12px;
  }
  @media (min-width: 1800px) {
    .charts {
      grid-template-columns: repeat(auto-fill, minmax(560px, 1fr));
      --tarsier-chart-height: 240px;
    }
  }
`;
