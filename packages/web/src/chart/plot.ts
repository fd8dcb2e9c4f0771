import uPlot from 'uplot';
import { withGaps } from './align.ts';
import type { CanvasColours } from './canvas-colours.ts';
import type { ChartView } from './chart-view.ts';
import { plotOptions } from './options.ts';
import type { PlotSize } from './options.ts';

/** The canvas of one chart. */
export interface Plot {
  draw(view: ChartView): void;
  resize(size: PlotSize): void;
  show(line: number, visible: boolean): void;
  /** Moves the cursor to a point of the view, or away. */
  point(index: number | undefined): void;
  /** CSS pixels from the left of the plot element. */
  leftOf(index: number): number;
  destroy(): void;
}

export interface PlotDeps {
  readonly parent: HTMLElement;
  readonly view: ChartView;
  readonly colours: CanvasColours;
  readonly size: PlotSize;
  /** The point below the pointer; undefined when it left. */
  readonly onPoint: (index: number | undefined) => void;
}

const bandOpacity = 0.13;

export function createPlot({ parent, view: first, colours, size, onPoint }: PlotDeps): Plot {
  let view = first;
  const plot = new uPlot(
    plotOptions(
      () => view,
      colours,
      size,
      {
        drawClear: [(self) => drawBands(self, view, colours.anomaly)],
        setCursor: [({ cursor }) => onPoint(cursor.idx ?? undefined)],
      },
      devicePixelRatio,
    ),
    columns(view),
    parent,
  );
  for (const canvas of parent.querySelectorAll('canvas')) canvas.setAttribute('aria-hidden', 'true');

  function draw(next: ChartView): void {
    view = next;
    plot.batch(() => {
      plot.setData(columns(view), false);
      plot.setScale('x', { min: view.from, max: view.to });
      plot.setScale('y', { min: view.held.range.min, max: view.held.range.max });
    });
  }

  // uPlot listens to a mouse only; a finger moves the cursor sideways while the page keeps its vertical scroll.
  plot.over.addEventListener('pointermove', ({ pointerType, clientX }) => {
    if (pointerType === 'mouse') return;
    plot.setCursor({ left: clientX - plot.over.getBoundingClientRect().left, top: 0 });
  });

  draw(first);
  return {
    draw,
    resize: (next) => plot.setSize(next),
    show: (line, visible) => plot.setSeries(line + 1, { show: visible }),
    point(index) {
      const left = index === undefined ? -10 : plot.valToPos(view.times[index] ?? 0, 'x');
      plot.setCursor({ left, top: index === undefined ? -10 : 0 });
    },
    leftOf: (index) => plot.over.offsetLeft + plot.valToPos(view.times[index] ?? 0, 'x'),
    destroy: () => plot.destroy(),
  };
}

function columns({ times, lines }: ChartView): uPlot.AlignedData {
  return [times, ...lines.map(({ values }) => withGaps(times, values))];
}

/** Anomalous stretches behind the lines: a light band, and a solid edge above it that needs no colour sight. */
function drawBands({ ctx, bbox, valToPos }: uPlot, { anomalies, from, to }: ChartView, colour: string): void {
  ctx.save();
  ctx.fillStyle = colour;
  for (const { start, end = to } of anomalies) {
    const left = valToPos(Math.max(start, from), 'x', true);
    const width = Math.max(2 * devicePixelRatio, valToPos(Math.min(end, to), 'x', true) - left);
    ctx.globalAlpha = bandOpacity;
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillRect(left, bbox.top - 4 * devicePixelRatio, width, 3 * devicePixelRatio);
  }
  ctx.restore();
}
