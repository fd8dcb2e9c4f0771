import { css, unsafeCSS } from 'lit';
import { seriesColours } from '../../chart/palette.ts';

// Classes, not style attributes: a strict policy of the page forbids those.
const colours = unsafeCSS(
  Array.from({ length: seriesColours }, (_, at) => `.series-${at + 1} { --_own: var(--_series-${at + 1}); }`).join(
    '\n',
  ),
);

export const curvePlotStyles = css`
  ${colours}
  .plots {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr));
    gap: 14px;
  }
  .curve-plot {
    container-type: inline-size;
  }
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
  /* The drawing is as wide as there is room, its text about as large as that around it. */
  @container (width < 380px) {
    .curve-plot text {
      font-size: 20px;
    }
  }
  @container (380px <= width < 520px) {
    .curve-plot text {
      font-size: 16px;
    }
  }
  @container (width >= 760px) {
    .curve-plot text {
      font-size: 9.5px;
    }
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
    stroke: var(--_own);
    stroke-width: 1.8;
    stroke-linejoin: round;
  }
  .curve-plot .band {
    fill: var(--_own);
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
    border-top: 2px solid var(--_own);
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
