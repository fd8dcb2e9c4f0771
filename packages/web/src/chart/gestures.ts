import type uPlot from 'uplot';
import type { Span } from '../data/time-range.ts';
import type { ChartView } from './chart-view.ts';
import { pageFrames } from './frame.ts';

export interface GestureHandlers {
  /** A stretch was chosen, or the window was moved. */
  readonly onZoom: (span: Span) => void;
  /** A double click: back to what was before. */
  readonly onReset: () => void;
  /** Ctrl and wheel. @param at  the time under the pointer */
  readonly onWheel: (factor: number, at: number) => void;
}

export interface PanHandlers {
  /** The hand took the curve. */
  readonly onTake: () => void;
  /** And let go of it. @param moved  false: it is where it was */
  readonly onDrop: (moved: boolean) => void;
}

const wheelFactor = 1.25;

/**
 * Shift-drag and middle-drag pan, a double click resets, Ctrl-wheel zooms, a finger moves the cursor. A plain wheel
 * and a vertical finger scroll the page. (A plain drag selects: that is uPlot's own.)
 *
 * @returns ends them
 */
export function gestures(
  plot: uPlot,
  view: () => ChartView,
  { onZoom, onReset, onWheel, onTake, onDrop }: GestureHandlers & PanHandlers,
): () => void {
  const { over } = plot;
  const leave = new AbortController();
  const { signal } = leave;
  let panned: { readonly startX: number; readonly from: number; readonly to: number; readonly end: number } | undefined;
  let pointerX = 0;

  function move(): void {
    if (panned === undefined) return;
    const shift = shiftOf(pointerX, panned);
    plot.setScale('x', { min: panned.from + shift, max: panned.end + shift });
  }

  function shiftOf(clientX: number, { startX, from, end }: NonNullable<typeof panned>): number {
    return ((startX - clientX) / over.clientWidth) * (end - from);
  }

  over.addEventListener(
    'pointerdown',
    (event) => {
      if (!(event.button === 1 || (event.button === 0 && event.shiftKey))) return;
      event.preventDefault();
      over.setPointerCapture(event.pointerId);
      over.style.setProperty('cursor', 'grabbing');
      const { from, to, end } = view();
      panned = { startX: event.clientX, from, to, end };
      onTake();
    },
    { signal },
  );
  over.addEventListener(
    'pointermove',
    ({ pointerType, clientX }) => {
      if (panned !== undefined) {
        // A mouse may tell of ten places in a frame.
        pointerX = clientX;
        pageFrames.request(move);
      } else if (pointerType !== 'mouse') {
        // uPlot listens to a mouse only; a finger moves the cursor sideways while the page keeps its vertical scroll.
        plot.setCursor({ left: clientX - over.getBoundingClientRect().left, top: 0 });
      }
    },
    { signal },
  );
  const drop = (event: PointerEvent): void => {
    if (panned === undefined) return;
    const shift = shiftOf(event.clientX, panned);
    over.style.removeProperty('cursor');
    pageFrames.cancel(move);
    onDrop(shift !== 0);
    if (shift !== 0) onZoom({ from: panned.from + shift, to: panned.to + shift });
    panned = undefined;
  };
  over.addEventListener('pointerup', drop, { signal });
  over.addEventListener('pointercancel', drop, { signal });
  over.addEventListener('dblclick', () => onReset(), { signal });
  over.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const left = event.clientX - over.getBoundingClientRect().left;
      onWheel(event.deltaY > 0 ? wheelFactor : 1 / wheelFactor, plot.posToVal(left, 'x'));
    },
    { signal, passive: false },
  );
  return () => {
    leave.abort();
    pageFrames.cancel(move);
  };
}
