import { css } from 'lit';

export const styles = css`
  .choices {
    display: grid;
    gap: 14px;
    max-width: 560px;
    padding: 20px;
  }
  label {
    display: grid;
    gap: 4px;
    font-weight: 500;
  }
  select {
    font-weight: 400;
    max-width: 100%;
  }
`;
