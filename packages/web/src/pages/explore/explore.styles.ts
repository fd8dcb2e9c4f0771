import { css } from 'lit';

export const styles = css`
  .ask {
    display: flex;
    flex-wrap: wrap;
    align-items: start;
    gap: 8px;
  }
  .ask > :first-child {
    flex: 1 1 320px;
    min-width: 0;
    min-height: 40px;
  }
  textarea {
    font-family: var(--_font-mono);
  }
  .primary {
    min-height: 40px;
    border-color: var(--_accent);
    color: var(--_accent);
  }
  .options {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 18px;
  }
  .choice {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-height: 24px;
  }
  .options .button {
    display: inline-grid;
    place-items: center;
    color: inherit;
    text-decoration: none;
  }
  .examples {
    padding: 16px 20px;
  }
  .examples li {
    padding: 4px 0;
  }
  tarsier-chart {
    --tarsier-chart-height: clamp(220px, 50vh, 520px);
  }
`;
