import { css } from 'lit';

export const styles = css`
  .builder {
    display: grid;
    grid-template-columns: minmax(0, 300px) minmax(0, 1fr);
    align-items: start;
    gap: 16px;
  }
  form {
    display: grid;
    gap: 10px;
    padding: 16px;
  }
  label {
    display: grid;
    gap: 3px;
    font-size: 13px;
    color: var(--_text-quiet);
  }
  .field {
    min-width: 0;
    width: 100%;
  }
  .lines {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    justify-items: start;
    gap: 10px;
    padding: 16px 20px;
  }
  pre {
    width: 100%;
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
  @media (max-width: 720px) {
    .builder {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
