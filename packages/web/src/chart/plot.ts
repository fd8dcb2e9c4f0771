import uPlot from 'uplot';
import { withGaps } from './align.ts';
import type { ChartView } from './chart-view.ts';
import { gestures } from './gestures.ts';
import type { GestureHandlers } from './gestures.ts';
import { lineWidth, plotOptions } from './options.ts';
import type { PlotLook, PlotSize } from './options.ts';
import { drawBehind, drawOver } from './overlays.ts';

/** The canvas of one chart. */
export interface Plot {
  draw(view: ChartView): void;
  resize(size: PlotSize): void;
  show(line: number, visible: boolean): void;
  /** Moves the cursor to a point of the view, or away. */
  point(index: number | undefined): void;
  /** Moves the cursor to a time, as another chart's cursor asks; nobody is told. */
  follow(time: number | undefined): void;
  /** CSS pixels from the left of the plot element. */
  leftOf(index: number): number;
  /** CSS pixels from the top of the plot element, and back. */
  topOf(value: number): number;
  valueAt(top: number): number;
  readonly canvas: HTMLCanvasElement;
  destroy(): void;
}

export interface PlotDeps extends PlotLook, GestureHandlers {
  readonly parent: HTMLElement;
  readonly view: ChartView;
  readonly size: PlotSize;
  /** The point below the pointer; undefined when it left. */
  readonly onPoint: (index: number | undefined) => void;
}

const away = -10;

/** Charts that are drawn now: fat lines are for pages of few. */
let livePlots = 0;

export function createPlot(deps: PlotDeps): Plot {
  const { parent, view: first, size, onPoint } = deps;
  let view = first;
  let following = false;
  let panning = false;
  const plot = new uPlot(
    plotOptions(() => view, { ...deps, panning: () => panning }, size, {
      drawClear: [(self) => drawBehind(self, view, deps.colours)],
      draw: [(self) => drawOver(self, view, deps.colours)],
      setCursor: [
        ({ cursor }) => {
          if (!following && !panning) onPoint(cursor.idx ?? undefined);
        },
      ],
      setSelect: [
        (self) => {
          const { left, width } = self.select;
          if (width < 6) return;
          deps.onZoom({ from: self.posToVal(left, 'x'), to: self.posToVal(left + width, 'x') });
          self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    }),
    columns(view),
    parent,
  );
  for (const canvas of parent.querySelectorAll('canvas')) canvas.setAttribute('aria-hidden', 'true');
  const endGestures = gestures(plot, () => view, {
    ...deps,
    onTake() {
      plot.setCursor({ left: away, top: away });
      panning = true;
      setWidths();
    },
    onDrop(moved) {
      panning = false;
      if (!moved) draw(view);
    },
  });

  livePlots++;

  /** Each frame of a pan draws everything: then by the thinnest line, which is the quickest. */
  function setWidths(): void {
    const { lines, times } = view;
    const width = panning ? 1 / devicePixelRatio : lineWidth(lines.length, times.length, devicePixelRatio, livePlots);
    for (const [i, { earlier }] of lines.entries()) {
      const series = plot.series[i + 1];
      if (series !== undefined && !earlier) series.width = Math.max(deps.colours.lineWidth, width);
    }
  }

  function draw(next: ChartView): void {
    view = next;
    // What a hand holds stays where it is; let go of, it is drawn anew.
    if (panning) return;
    setWidths();
    const { min, max } = view.held.range;
    const { y } = plot.scales;
    plot.batch(() => {
      plot.setData(columns(view), false);
      plot.setScale('x', { min: view.from, max: view.end });
      if (y?.min !== min || y.max !== max) plot.setScale('y', { min, max });
    });
  }

  draw(first);
  return {
    draw,
    canvas: plot.ctx.canvas,
    resize: (next) => plot.setSize(next),
    show: (line, visible) => plot.setSeries(line + 1, { show: visible }),
    point(index) {
      const left = index === undefined ? away : plot.valToPos(view.times[index] ?? 0, 'x');
      plot.setCursor({ left, top: index === undefined ? away : 0 });
    },
    follow(time) {
      following = true;
      const inView = time !== undefined && time >= view.from && time <= view.end;
      plot.setCursor({ left: inView ? plot.valToPos(time, 'x') : away, top: inView ? 0 : away });
      following = false;
    },
    leftOf: (index) => plot.over.offsetLeft + plot.valToPos(view.times[index] ?? 0, 'x'),
    topOf: (value) => plot.over.offsetTop + plot.valToPos(value, 'y'),
    valueAt: (top) => plot.posToVal(top - plot.over.offsetTop, 'y'),
    destroy() {
      endGestures();
      livePlots--;
      plot.destroy();
    },
  };
}

function columns({ times, lines }: ChartView): uPlot.AlignedData {
  return [times, ...lines.map(({ drawn }) => withGaps(times, drawn))];
}
