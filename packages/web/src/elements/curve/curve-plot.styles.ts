import { css } from 'lit';

export const curvePlotStyles = css`
  .curve-plot svg {
    display: block;
    width: 100%;
    height: auto;
    overflow: visible;
  }
  .curve-plot text {
    fill: var(--_text-quiet);
    font-size: 12px;
  }
  .curve-plot .grid {
    stroke: var(--_grid);
  }
  .curve-plot .mark {
    stroke: var(--_accent);
    stroke-dasharray: 2 3;
  }
  .curve-plot .curve {
    fill: none;
    stroke-width: 1.8;
    stroke-linejoin: round;
  }
  .curve-plot .band {
    opacity: 0.16;
  }
  figcaption {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 14px;
    font-size: 13px;
  }
  .swatch {
    display: inline-block;
    width: 16px;
    margin-inline-end: 5px;
    border-top: 2px solid;
    vertical-align: 4px;
  }
  .swatch.dashed {
    border-top-style: dashed;
  }
  details summary {
    min-height: 24px;
    cursor: pointer;
    color: var(--_text-quiet);
    font-size: 13px;
  }
`;
