import { css } from 'lit';

export const styles = css`
  .tabs {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 18px;
    border-bottom: 1px solid var(--_border);
  }
  .tabs a {
    min-height: 32px;
    padding: 4px 2px;
    border-bottom: 2px solid transparent;
    color: inherit;
    text-decoration: none;
  }
  .tabs a:hover {
    border-color: var(--_border-strong);
  }
  .tabs a[aria-current] {
    border-color: var(--_accent);
    font-weight: 600;
  }
  @media (max-width: 640px) {
    /* What fires comes first where there is little room. */
    tarsier-alert-noise {
      order: 1;
    }
  }
`;
