/** What can be checked of a whole page by script, beyond what it says. */
import axe from 'axe-core';
import type { Page } from 'playwright';
import { withoutShades } from '../../packages/web/src/testing/without-shades.ts';

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** So many say what it is. */
const mostWide = 8;
/** More than any page has. */
const mostStops = 300;
/** Two that stand in a row need not do so by the pixel. */
const rowPx = 12;

/** Contrast, names, roles, landmarks, headings, sizes of targets. @returns what is wrong: rule and where */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  // Not as a script of the page, whose policy lets in no other's.
  await page.evaluate(axe.source);
  await page.evaluate(`void (globalThis.withoutShades = ${withoutShades.toString()})`);
  return page.evaluate(async (values) => {
    const tools = globalThis as unknown as { readonly axe: typeof axe; readonly withoutShades: typeof withoutShades };
    // At once before: a table that comes in between has its shades.
    tools.withoutShades();
    const { violations, incomplete } = await tools.axe.run(document, { runOnly: { type: 'tag', values } });
    // Above a gradient axe does not say what the contrast is.
    const unseen = incomplete.map(({ nodes, ...rule }) => ({
      ...rule,
      nodes: nodes.filter(({ any }) => any.some(({ data }) => data?.messageKey === 'bgGradient')),
    }));
    return [...violations, ...unseen].flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${JSON.stringify(target)} ${failureSummary}`),
    );
  }, tags);
}

/**
 * Whether one has to scroll sideways.
 *
 * @returns how wide the page is, and what reaches beyond the window, by the element and the edge, the innermost alone
 */
export function widthFaults(page: Page): Promise<readonly string[]> {
  return page.evaluate((most) => {
    const { clientWidth, scrollWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const found: string[] = [];
    const look = (element: Element, above: string): boolean => {
      const name = `${above} ${[element.localName, ...element.classList].join('.')}`;
      // What is inside of one that clips or scrolls makes the page no wider.
      const open = getComputedStyle(element).overflowX === 'visible';
      const inside = open ? [...(element.shadowRoot?.children ?? []), ...element.children] : [];
      const within = inside.filter((child) => look(child, name)).length > 0;
      const { right, width } = element.getBoundingClientRect();
      const beyond = width > 0 && right + scrollX > clientWidth + 0.5;
      if (beyond && !within) found.push(`${name.trim()} reaches to ${Math.round(right + scrollX)} px`);
      return beyond || within;
    };
    look(document.body, '');
    return [`${scrollWidth} px wide instead of ${clientWidth}`, ...found.slice(0, most)];
  }, mostWide);
}

interface Stop {
  readonly name: string;
  readonly left: number;
  readonly top: number;
  readonly ringed: boolean;
  readonly inMain: boolean;
}

/** Goes once through the page with the Tab key. @returns what is wrong with where that leads */
export async function focusFaults(page: Page): Promise<readonly string[]> {
  // Tab goes on from where the focus was last, though that is gone: at the top.
  await page.evaluate(() => {
    const top = document.createElement('i');
    top.tabIndex = -1;
    document.body.prepend(top);
    top.focus();
    top.remove();
  });
  const stops: Stop[] = [];
  for (;;) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(async (): Promise<Stop | undefined> => {
      let element = document.activeElement;
      let inMain = false;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      if (element === null || element === document.body) return undefined;
      for (let up: Element | undefined = element; up !== undefined;) {
        inMain ||= up.localName === 'main';
        const root: Node = up.getRootNode();
        up = up.assignedSlot ?? up.parentElement ?? (root instanceof ShadowRoot ? root.host : undefined);
      }
      // The ring may be around what it is in, and come a moment later.
      const ring = (): Element | null => {
        let around: Element | null = element;
        while (around !== null && getComputedStyle(around).outlineStyle === 'none') around = around.parentElement;
        return around;
      };
      if (ring() === null) await new Promise((resolve) => setTimeout(resolve, 100));
      const { left, top, width, height } = element.getBoundingClientRect();
      const name = `${element.localName} ${element.getAttribute('aria-label') ?? element.textContent}`;
      return {
        name: name.replaceAll(/\s+/gu, ' ').slice(0, 60),
        left,
        top: top + scrollY,
        ringed: width > 0 && height > 0 && ring() !== null,
        inMain,
      };
    });
    if (stop === undefined) break;
    stops.push(stop);
    if (stops.length > mostStops) return [`Tab does not get past ${stop.name}`];
  }
  const [first] = stops;
  return [
    ...(stops.some(({ inMain }) => inMain) ? [] : ['Tab never comes into main']),
    ...(first?.inMain === false ? [] : ['nothing to skip to main with']),
    ...stops.filter(({ ringed }) => !ringed).map(({ name }) => `no ring around ${name}`),
    // Reading order: on, or back up into a column further right.
    ...stops.flatMap((stop, i) => {
      const before = stops[i - 1];
      const back =
        before !== undefined &&
        stop.inMain &&
        before.inMain &&
        stop.top < before.top - rowPx &&
        stop.left <= before.left;
      return back ? [`${stop.name} comes after ${before.name}, but stands before it`] : [];
    }),
  ];
}
