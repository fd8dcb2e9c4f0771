import { seriesColours } from './palette.ts';

/** Colours as a canvas understands them. */
export interface CanvasColours {
  readonly text: string;
  readonly grid: string;
  readonly anomaly: string;
  readonly surface: string;
  readonly accent: string;
  readonly warning: string;
  readonly critical: string;
  readonly info: string;
  readonly series: readonly string[];
  readonly font: string;
  /** Least width of a line, CSS px: the high-contrast theme asks for more. */
  readonly lineWidth: number;
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
    surface: read('--_surface'),
    accent: read('--_accent'),
    warning: read('--_warning'),
    critical: read('--_critical'),
    info: read('--_info'),
    series: Array.from({ length: seriesColours }, (_, i) => read(`--_series-${i + 1}`)),
    font: `12px ${getComputedStyle(probe).fontFamily}`,
    lineWidth: Number(getComputedStyle(probe).getPropertyValue('--_line-width')) || 0,
  };
}
