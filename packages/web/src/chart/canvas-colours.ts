import { seriesColours } from './palette.ts';

/** Colours as a canvas understands them. */
export interface CanvasColours {
  readonly text: string;
  readonly grid: string;
  readonly anomaly: string;
  readonly series: readonly string[];
  readonly font: string;
}

/**
 * Reads the tokens as computed colours. A canvas ignores `light-dark()` and `var()`, so a hidden element resolves them.
 *
 * @param probe  connected, with no transition on `color`
 */
export function readCanvasColours(probe: HTMLElement): CanvasColours {
  const read = (token: string): string => {
    probe.style.setProperty('color', `var(${token})`);
    return getComputedStyle(probe).color;
  };
  return {
    text: read('--_text-quiet'),
    grid: read('--_grid'),
    anomaly: read('--_anomaly'),
    series: Array.from({ length: seriesColours }, (_, i) => read(`--_series-${i + 1}`)),
    font: `12px ${getComputedStyle(probe).fontFamily}`,
  };
}
