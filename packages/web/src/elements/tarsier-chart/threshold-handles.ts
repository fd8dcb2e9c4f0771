import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { ref } from 'lit/directives/ref.js';
import type { ChartView } from '../../chart/chart-view.ts';
import type { Plot } from '../../chart/plot.ts';
import { formatValue } from '../../chart/units.ts';
import type { LocaleController } from '../../controllers/locale.ts';
import { chartToolWords } from '../../i18n/chart-tools/words.ts';
import type { Words } from '../../i18n/en.ts';

/** Keys move a threshold by so many parts of the axis. */
const keySteps = 50;

/**
 * A handle at the right end of each threshold: dragged, or moved with the arrow keys.
 *
 * @param moved  a threshold has another value
 */
export function thresholdHandles(
  view: ChartView,
  plot: Plot | undefined,
  text: LocaleController<Words>,
  moved: (index: number, value: number) => void,
): TemplateResult {
  const { min, max } = view.held.range;
  const within = (value: number): number => Math.min(max, Math.max(min, value));
  return html`${view.settings.thresholds.map(({ value, label }, index) => {
    const drag = (event: PointerEvent): void => {
      const handle = event.currentTarget;
      const frame = handle instanceof HTMLElement ? handle.offsetParent : null;
      if (!(handle instanceof HTMLElement) || frame === null || plot === undefined) return;
      if (event.type === 'pointerdown') handle.setPointerCapture(event.pointerId);
      if (!handle.hasPointerCapture(event.pointerId)) return;
      event.preventDefault();
      event.stopPropagation();
      moved(index, within(plot.valueAt(event.clientY - frame.getBoundingClientRect().top)));
    };
    const key = (event: KeyboardEvent): void => {
      const by = { ArrowUp: 1, ArrowDown: -1, PageUp: 5, PageDown: -5 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      moved(index, within(value + (by * (max - min)) / keySteps));
    };
    return html`<div
      class="handle"
      role="slider"
      tabindex="0"
      aria-orientation="vertical"
      aria-label=${label ?? chartToolWords.in(text.lang).threshold}
      aria-valuemin=${min}
      aria-valuemax=${max}
      aria-valuenow=${value}
      aria-valuetext=${formatValue(value, view.unit, text)}
      @pointerdown=${drag}
      @pointermove=${drag}
      @keydown=${key}
      ${ref((handle) => {
        if (handle instanceof HTMLElement && plot !== undefined) {
          handle.style.setProperty('transform', `translateY(${Math.round(plot.topOf(value))}px)`);
        }
      })}
    ></div>`;
  })}`;
}
