import { css } from 'lit';
import { contrast } from '../styles/contrast.ts';

export const styles = css`
  :host {
    display: block;
    min-height: 100vh;
  }
  :host([theme='contrast']) {
    ${contrast}
  }
  .shell {
    display: grid;
    grid-template: auto 1fr / 190px minmax(0, 1fr);
    min-height: 100vh;
    background: var(--_page);
    color: var(--_text);
  }
  header {
    position: sticky;
    top: 0;
    z-index: 3;
    grid-column: 1 / -1;
    display: flex;
    align-items: center;
    gap: 8px 12px;
    padding: 8px clamp(12px, 1.6vw, 28px) 8px 20px;
    background: var(--_surface);
    border-bottom: 1px solid var(--_border);
  }
  .brand {
    display: flex;
    align-items: center;
    gap: 10px;
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
  .search {
    position: relative;
    display: inline-flex;
    overflow: hidden;
    align-items: center;
    gap: 8px;
    flex: 0 1 300px;
    margin-inline: auto;
    border-color: var(--_border);
    color: var(--_text-quiet);
    font-weight: 400;
  }
  .search kbd {
    margin-inline-start: auto;
  }
  nav {
    position: sticky;
    top: 49px;
    align-self: start;
    display: grid;
    gap: 2px;
    padding: 16px 10px;
  }
  nav a,
  nav button {
    position: relative;
    display: flex;
    align-items: center;
    gap: 10px;
    min-height: 36px;
    padding: 4px 10px;
    border: 0;
    border-radius: 6px;
    background: none;
    color: var(--_text-quiet);
    text-decoration: none;
  }
  nav a:hover {
    background: var(--_accent-soft);
  }
  nav a[aria-current='page'] {
    color: var(--_accent);
    font-weight: 600;
    background: var(--_accent-soft);
  }
  nav .more {
    display: none;
  }
  main {
    width: 100%;
    max-width: 2400px;
    margin: 0 auto;
    padding: 20px clamp(12px, 1.6vw, 28px) 48px;
  }
  /* It takes the focus when another page comes, for those who listen. */
  main:focus-visible {
    outline: none;
  }
  .skip {
    position: absolute;
    left: -999px;
  }
  .skip:focus {
    left: 12px;
    top: 12px;
    z-index: 4;
    padding: 6px 12px;
    background: var(--_surface);
    color: var(--_accent);
  }
  .message {
    display: grid;
    justify-items: start;
    gap: 12px;
    padding: 24px;
  }
  .message a {
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
  @media (max-width: 1020px) {
    .shell {
      grid-template-columns: 60px minmax(0, 1fr);
    }
    nav a {
      justify-content: center;
    }
    nav a span {
      position: absolute;
      clip-path: inset(50%);
    }
    .search kbd {
      display: none;
    }
  }
  @media (max-width: 720px) {
    .shell {
      grid-template: auto 1fr / minmax(0, 1fr);
    }
    header {
      flex-wrap: wrap;
      padding: 8px 12px;
    }
    .brand {
      margin-inline-end: auto;
    }
    .search {
      flex: none;
      margin: 0;
    }
    .search span {
      position: absolute;
      clip-path: inset(50%);
    }
    tarsier-time-range {
      order: 2;
      flex-basis: 100%;
    }
    nav {
      position: fixed;
      inset: auto 0 0;
      top: auto;
      z-index: 3;
      grid-auto-flow: column;
      grid-auto-columns: minmax(0, 1fr);
      gap: 0;
      padding: 4px 4px max(4px, env(safe-area-inset-bottom));
      background: var(--_surface);
      border-top: 1px solid var(--_border);
    }
    nav a,
    nav button {
      min-width: 0;
      flex-direction: column;
      justify-content: center;
      gap: 2px;
      min-height: 48px;
      padding: 4px 2px;
      font-size: 12px;
    }
    nav a:not(.first) {
      display: none;
    }
    nav a span {
      position: static;
      max-width: 100%;
      overflow: hidden;
      clip-path: none;
      text-overflow: ellipsis;
    }
    nav .more {
      display: flex;
    }
    main {
      padding-bottom: 88px;
    }
  }
`;
