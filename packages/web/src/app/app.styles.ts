import { css } from 'lit';

export const styles = css`
  :host {
    display: block;
    min-height: 100vh;
    background: var(--_page);
  }
  header {
    position: sticky;
    top: 0;
    z-index: 2;
    display: flex;
    align-items: center;
    gap: 12px;
    padding: 10px clamp(16px, 2.5vw, 40px);
    background: var(--_surface);
    border-bottom: 1px solid var(--_border);
  }
  .brand {
    display: flex;
    align-items: center;
    gap: 10px;
    margin-inline-end: auto;
    font-size: 17px;
    font-weight: 650;
    letter-spacing: -0.01em;
    color: inherit;
    text-decoration: none;
  }
  .brand svg {
    width: 30px;
    height: 22px;
    color: var(--_accent);
  }
  .theme {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    font-size: 13px;
    padding: 3px 10px;
    border-color: var(--_border);
    border-radius: 999px;
    font-weight: 400;
    min-height: 0;
  }
  main {
    max-width: 2400px;
    margin: 0 auto;
    padding: 20px clamp(16px, 2.5vw, 40px) 48px;
  }
  .skip {
    position: absolute;
    left: -999px;
  }
  .skip:focus {
    left: 12px;
    top: 12px;
    z-index: 3;
    padding: 6px 12px;
    background: var(--_surface);
    color: var(--_accent);
  }
  .banner {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 12px;
    margin-bottom: 16px;
    padding: 10px 14px;
    border-inline-start: 4px solid var(--_warning);
  }
  .banner .icon {
    color: var(--_warning);
  }
  .banner span {
    flex: 1 1 220px;
  }
  .signed-out {
    display: grid;
    gap: 14px;
    max-width: 560px;
    margin: 8vh auto 0;
    padding: 28px 32px;
  }
  .signed-out h1 {
    font-size: 22px;
    line-height: 1.25;
  }
  .signed-out .icon {
    width: 28px;
    height: 28px;
    color: var(--_accent);
  }
  @media (max-width: 480px) {
    .theme span {
      display: none;
    }
    .theme {
      padding: 6px 8px;
    }
    .signed-out {
      margin-top: 16px;
      padding: 20px;
    }
  }
`;
