import { css } from 'lit';

export const styles = css`
  .parts {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 20px;
  }
  nav {
    display: flex;
    flex-wrap: wrap;
    gap: 10px 24px;
  }
  nav h2 {
    margin: 0 0 2px;
    color: var(--_text-quiet);
    font-size: 13px;
    font-weight: 500;
  }
  nav ul {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 14px;
  }
  nav a {
    display: block;
    min-height: 28px;
    padding: 3px 2px;
    border-bottom: 2px solid transparent;
    color: inherit;
    text-decoration: none;
  }
  nav a:hover {
    border-color: var(--_border-strong);
  }
  nav a[aria-current] {
    border-color: var(--_accent);
    font-weight: 600;
  }
  .message {
    padding: 16px;
  }
  @media (pointer: coarse) {
    nav a {
      min-height: 40px;
      padding: 9px 2px;
    }
  }
  @media (min-width: 900px) {
    .parts {
      grid-template-columns: 176px minmax(0, 1fr);
      align-items: start;
    }
    nav,
    nav ul {
      flex-direction: column;
      flex-wrap: nowrap;
    }
    nav a {
      padding: 4px 8px;
      border-bottom: 0;
      border-inline-start: 2px solid transparent;
    }
    nav h2 {
      padding-inline-start: 10px;
    }
  }
`;
