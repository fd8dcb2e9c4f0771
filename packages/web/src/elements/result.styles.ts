import { css } from 'lit';

/** What views of results have alike. */
export const resultStyles = css`
  :host {
    display: block;
    min-width: 0;
  }
  .result {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 12px;
    padding: 14px 16px;
  }
  header {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    justify-content: space-between;
    gap: 4px 14px;
  }
  h3 {
    font-size: 15px;
    font-weight: 600;
  }
  h4 {
    margin: 0 0 4px;
    font-size: 13px;
    font-weight: 600;
  }
  .status {
    display: flex;
    align-items: center;
    gap: 8px;
    font-size: 13px;
  }
  progress {
    width: 110px;
    accent-color: var(--_accent);
  }
  .figures {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(130px, 1fr));
    gap: 10px 16px;
  }
  .figures dt {
    color: var(--_text-quiet);
    font-size: 13px;
  }
  .figures dd {
    font-size: 22px;
    font-weight: 600;
    letter-spacing: -0.01em;
  }
  .figures .small {
    font-size: 15px;
  }
  .figures small {
    display: block;
    color: var(--_text-quiet);
    font-size: 13px;
    font-weight: 400;
    letter-spacing: 0;
  }
  .why {
    max-width: 80ch;
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
  }
`;
