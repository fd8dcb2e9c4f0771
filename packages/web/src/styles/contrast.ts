import { css } from 'lit';

/** High contrast: text at 7:1, borders that are seen, fat lines. Light or dark as the page around. */
export const contrast = css`
  --tarsier-color-surface: light-dark(#ffffff, #000000);
  --tarsier-color-surface-raised: light-dark(#ffffff, #000000);
  --tarsier-color-text: light-dark(#000000, #ffffff);
  --tarsier-color-text-quiet: light-dark(#1f2430, #e6e9ef);
  --tarsier-color-border: light-dark(#4a5160, #aab2c0);
  --tarsier-color-border-strong: light-dark(#000000, #ffffff);
  --tarsier-color-grid: light-dark(#c3c8d1, #464c58);
  --tarsier-color-accent: light-dark(#00248f, #b7d0ff);
  --tarsier-color-accent-soft: light-dark(#dfe6ff, #1d2c52);
  --tarsier-color-focus: light-dark(#00248f, #ffd84d);
  --tarsier-status-ok: light-dark(#0b4a2f, #8ff0bd);
  --tarsier-status-info: light-dark(#0a3f61, #a6dcfb);
  --tarsier-status-warning: light-dark(#5c3600, #ffd37a);
  --tarsier-status-critical: light-dark(#86120c, #ffb3ac);
  --tarsier-anomaly: light-dark(#86120c, #ffb3ac);
  --tarsier-line-width: 2;
`;
