import { RequestError } from '../../data/rest.ts';
import { de } from '../../i18n/de.ts';
import { words } from '../../i18n/words.ts';
import type { Anomaly } from '@tarsier/protocol';
import { afterEach, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { HeldSeries } from '../../data/source.ts';
import { heldSeries } from '../../testing/fake-source.ts';
import { expectAccessible, mount, part, shownText } from '../../testing/mount.ts';

const labels = { host: 'db-1', cpu: 'all' };
let end = (): void => undefined;
afterEach(() => end());

function cpu(newest = Date.now(), user = 0.5): HeldSeries[] {
  return [
    heldSeries(
      'cpu_usage_ratio',
      { ...labels, mode: 'user' },
      Array.from({ length: 300 }, () => user),
      newest,
    ),
    heldSeries(
      'cpu_usage_ratio',
      { ...labels, mode: 'system' },
      Array.from({ length: 300 }, () => 0.25),
      newest,
    ),
  ];
}

async function chart(series: HeldSeries[] = cpu(), anomalies: Anomaly[] = []) {
  const mounted = mount('tarsier-chart', { label: 'CPU', selector: 'cpu_usage_ratio' });
  end = mounted.end;
  await mounted.element.updateComplete;
  mounted.anomalies.set(anomalies);
  mounted.hold(series);
  await expect.poll(() => mounted.element.shadowRoot?.querySelector('canvas')).toBeTruthy();
  await mounted.element.updateComplete;
  return { ...mounted, canvas: part(mounted.element, 'canvas') };
}

/** Pixels of the plot's canvas, as text that changes when the drawing does. */
function pixels(canvas: HTMLElement): string {
  return canvas instanceof HTMLCanvasElement ? canvas.toDataURL() : '';
}

/** The colour at a point of the plot, in parts of its width and height. */
function pixelAt(element: Element, x: number, y: number): number[] {
  const canvas = part(element, 'canvas');
  const over = part(element, '.u-over');
  if (!(canvas instanceof HTMLCanvasElement)) return [];
  const left = (over.offsetLeft + x * over.clientWidth) * devicePixelRatio;
  const top = (over.offsetTop + y * over.clientHeight) * devicePixelRatio;
  return [...(canvas.getContext('2d')?.getImageData(left, top, 1, 1).data ?? [])];
}

const anomaly: Anomaly = {
  id: 'a1',
  host: 'db-1',
  metric: 'cpu_usage_ratio',
  labels: { cpu: 'all', mode: 'user' },
  detector: 'zscore',
  start: Date.now() - 180_000,
  end: Date.now() - 120_000,
  peakScore: 6,
  peakAt: Date.now() - 150_000,
  value: 0.9,
  expected: 0.2,
  reason: 'far above its own past',
};

test('each second of samples moves the drawing', async () => {
  const { hold, canvas, element } = await chart();
  const before = pixels(canvas);
  hold(cpu(Date.now() + 1000, 0.2));
  await expect.poll(() => pixels(part(element, 'canvas'))).not.toBe(before);
});

test('lines have a name, a value and a colour that is drawn', async () => {
  const { element } = await chart();
  expect(shownText(element)).toContain('user50.0 %');
  expect(shownText(element)).toContain('system25.0 %');
  const names = new Set<string>();
  for (let y = 0; y <= 1; y += 0.005) names.add(pixelAt(element, 0.5, y).join());
  expect(names.size).toBeGreaterThan(2);
});

test('an anomalous stretch is shaded, and said in words', async () => {
  const { element } = await chart(cpu(), [anomaly]);
  await expect.poll(() => pixelAt(element, 0.5, 0.97)[3]).toBeGreaterThan(20);
  expect(pixelAt(element, 0.2, 0.97)[3]).toBe(0);
  expect(shownText(element)).toContain('1 anomaly');
});

test('between which values it would have been as usual is drawn into the stretch', async () => {
  const { element } = await chart(cpu(), [{ ...anomaly, low: 0.1, high: 0.2 }]);
  const opacityAt = (y: number): number => pixelAt(element, 0.5, y)[3] ?? 0;
  await expect.poll(() => opacityAt(0.97)).toBeGreaterThan(20);
  expect(Math.max(...[0.6, 0.65, 0.7, 0.75].map(opacityAt))).toBeGreaterThan(1.5 * opacityAt(0.97));
});

test('while the pointer is in it, it stands still; then it goes on', async () => {
  const { element, hold } = await chart();
  await userEvent.hover(part(element, '.frame'));
  await element.updateComplete;
  const before = element.view?.to;
  hold(cpu(Date.now() + 5000));
  await new Promise(requestAnimationFrame);
  expect(element.view?.to).toBe(before);
  await expect.poll(() => part(element, '.tooltip').textContent).toContain('user');
  await userEvent.unhover(part(element, '.frame'));
  await expect.poll(() => element.view?.to).not.toBe(before);
});

test('the first tooltip stands beside the cursor', async () => {
  const { element } = await chart();
  const over = part(element, '.u-over');
  await userEvent.hover(over, { position: { x: over.clientWidth * 0.8, y: 20 } });
  await expect.poll(() => element.shadowRoot?.querySelector('.tooltip')).toBeTruthy();
  const cursor = over.getBoundingClientRect().left + over.clientWidth * 0.8;
  const { right } = part(element, '.tooltip').getBoundingClientRect();
  expect(cursor - right).toBeGreaterThan(0);
  expect(cursor - right).toBeLessThan(24);
});

test('arrow keys walk along the samples and say them; Escape leaves', async () => {
  const { element } = await chart(cpu(), [anomaly]);
  part(element, '.frame').focus();
  await userEvent.keyboard('{ArrowLeft}');
  const spoken = (): string => part(element, '[role=status]').textContent ?? '';
  await expect.poll(spoken).toMatch(/user 50\.0.%, system 25\.0.%/u);
  const first = spoken();
  await userEvent.keyboard('{ArrowLeft}');
  await expect.poll(spoken).not.toBe(first);
  await userEvent.keyboard('{Escape}');
  await expect.poll(spoken).toBe('');
  await userEvent.keyboard(' ');
  await expect.poll(() => part(element, '.tool').getAttribute('aria-pressed')).toBe('true');
});

test('a click on a legend entry hides its line, another one brings it back', async () => {
  const { element } = await chart();
  const entry = part(element, '.legend button');
  await userEvent.click(entry);
  await expect.poll(() => entry.getAttribute('aria-pressed')).toBe('false');
  await userEvent.click(entry);
  await expect.poll(() => entry.getAttribute('aria-pressed')).toBe('true');
});

test('the table holds what is drawn, newest first', async () => {
  const { element } = await chart();
  await userEvent.click(part(element, '.tool[title=Table]'));
  await expect.poll(() => element.shadowRoot?.querySelectorAll('tbody tr').length).toBe(25);
  expect(part(element, 'tbody tr').textContent?.replaceAll(/\s+/gu, ' ')).toMatch(/50\.0 %.*25\.0 %/u);
  await expectAccessible(element);
});

test('it is accessible, and its name says the newest values', async () => {
  const { element } = await chart(cpu(), [anomaly]);
  expect(part(element, '[role=application]').getAttribute('aria-label')).toMatch(/CPU: user 50\.0.%, .*1 anomaly/u);
  expect(part(element, 'canvas').getAttribute('aria-hidden')).toBe('true');
  await expectAccessible(element);
});

test('a label value that is markup is text', async () => {
  const evil = '<img src=x onerror="document.title=1"><script>1</script>';
  const { element } = await chart([
    heldSeries('up', { host: 'a', job: evil }, [1, 2, 3]),
    heldSeries('up', { host: 'a', job: 'b' }, [1, 2, 3]),
  ]);
  expect(part(element, '.legend').textContent).toContain(evil);
  expect(element.shadowRoot?.querySelector('img, script')).toBeNull();
});

test('another theme is another set of colours on the canvas, even while it is held', async () => {
  const { element } = await chart();
  // Held, so that only the colours can change the drawing.
  await userEvent.click(part(element, '.tool'));
  await userEvent.unhover(part(element, '.tool'));
  const before = pixels(part(element, 'canvas'));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(pixels(part(element, 'canvas'))).toBe(before);
  document.documentElement.style.colorScheme = 'dark';
  try {
    await expect.poll(() => pixels(part(element, 'canvas'))).not.toBe(before);
    await expectAccessible(element);
  } finally {
    document.documentElement.style.colorScheme = '';
  }
});

test.each([
  ['loading', 'Loading…'],
  ['ready', 'No samples in the last 5 min.'],
] as const)('without samples and %s it says: %s', async (kind, text) => {
  const mounted = mount('tarsier-chart', { label: 'CPU', selector: 'up' });
  end = mounted.end;
  await mounted.element.updateComplete;
  mounted.hold([], { kind });
  await expect.poll(() => shownText(mounted.element)).toContain(text);
  await expectAccessible(mounted.element);
});

test('a chart that nobody told what to show says what is missing, and draws once it is told', async () => {
  const mounted = mount('tarsier-chart', { label: 'CPU' });
  end = mounted.end;
  const { element, hold } = mounted;
  await expect.poll(() => shownText(element)).toContain('Give this element a selector or a query.');
  expect(shownText(element)).not.toContain('Loading');
  await expectAccessible(element);
  element.selector = 'cpu_usage_ratio';
  await element.updateComplete;
  hold(cpu());
  await expect.poll(() => shownText(element)).toContain('user50.0 %');
});

test('a chart without samples is small, and as high as the others once they come', async () => {
  const mounted = mount('tarsier-chart', { label: 'CPU', selector: 'up' });
  end = mounted.end;
  const { element, hold } = mounted;
  await element.updateComplete;
  const height = (): number => part(element, '.frame').clientHeight;
  const whole = height();
  hold([]);
  await expect.poll(height).toBeLessThan(whole / 2);
  hold(cpu());
  await expect.poll(height).toBe(whole);
  await expect.poll(() => part(element, 'canvas').clientHeight).toBeGreaterThan(whole / 2);
});

test('an error is the collector’s own sentence', async () => {
  const mounted = mount('tarsier-chart', { label: 'CPU', selector: '{' });
  end = mounted.end;
  await mounted.element.updateComplete;
  const error = { code: 'query/selector', message: 'expected a label name at 1', retryable: false };
  mounted.hold([], { kind: 'failed', error });
  await expect.poll(() => shownText(mounted.element)).toContain('expected a label name at 1');
});

test('samples that are a minute old are said to be', async () => {
  const { element } = await chart(cpu(Date.now() - 60_000));
  expect(shownText(element)).toMatch(/(1 min|59 s) old/u);
});

test('a hundred comings and goings leave no subscription, and a move keeps the canvas', async () => {
  const { element, provider, watching } = await chart();
  const canvas = part(element, 'canvas');
  provider.append(element);
  await element.updateComplete;
  expect(watching.size).toBe(1);
  for (let i = 0; i < 100; i++) {
    element.remove();
    await Promise.resolve();
    provider.append(element);
  }
  expect(watching.size).toBe(1);
  element.remove();
  await Promise.resolve();
  expect(watching.size).toBe(0);
  expect(canvas.isConnected).toBe(false);
});

test('on a phone nothing is wider than the screen, and a finger scrolls the page', async () => {
  await page.viewport(360, 700);
  const { element } = await chart();
  expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360);
  expect(getComputedStyle(part(element, '.u-over')).touchAction).toBe('pan-y');
  await page.viewport(800, 600);
});

test('on a phone no time below the chart is cut off at its edge', async () => {
  await page.viewport(390, 844);
  const to = Date.parse('2026-07-01T10:30:00Z');
  const { element } = await queried({
    selector: 'cpu_usage_ratio',
    range: `2026-07-01T10:00:00Z/2026-07-01T10:30:00Z`,
  });
  element.data = cpu(to);
  await expect.poll(() => element.shadowRoot?.querySelector('canvas')).toBeTruthy();
  const canvas = part(element, 'canvas');
  if (!(canvas instanceof HTMLCanvasElement)) expect.unreachable();
  const { width, height } = canvas;
  const ink = (x: number): number =>
    canvas
      .getContext('2d')
      ?.getImageData(x, height - 20 * devicePixelRatio, devicePixelRatio, 20 * devicePixelRatio)
      .data.reduce((sum, value) => sum + value, 0) ?? 0;
  const columns = Array.from({ length: Math.floor(width / devicePixelRatio) }, (_, i) => i * devicePixelRatio);
  await expect.poll(() => columns.some((x) => ink(x) > 0)).toBe(true);
  expect(ink(width - devicePixelRatio)).toBe(0);
  expect(ink(0)).toBe(0);
  await page.viewport(800, 600);
});

test('on a phone the tools of a chart stay beside its title, whatever is said of it', async () => {
  await page.viewport(390, 844);
  const { end: _, ...ongoing } = anomaly;
  const { element } = await chart(cpu(), [ongoing]);
  await expect.poll(() => shownText(element)).toContain('1 anomaly, ongoing');
  await element.updateComplete;
  const tops = [...(element.shadowRoot?.querySelectorAll('figcaption .tool') ?? [])].map(
    (tool) => tool.getBoundingClientRect().top,
  );
  expect(new Set(tops).size).toBe(1);
  const { top, bottom } = part(element, 'h3').getBoundingClientRect();
  expect(tops[0]).toBeLessThan(bottom);
  expect(part(element, '.badge').getBoundingClientRect().top).toBeGreaterThan(top);
  expect(element.clientWidth).toBe(element.scrollWidth);
  await page.viewport(800, 600);
});

test('nothing of it has a style attribute in its template', async () => {
  const report = vi.fn();
  document.addEventListener('securitypolicyviolation', report);
  const { element } = await chart();
  const own = [...(element.shadowRoot?.querySelectorAll('[style]') ?? [])].filter(
    (node) => node.closest('.uplot') === null && !node.matches('.probe, .tooltip'),
  );
  expect(own).toEqual([]);
  document.removeEventListener('securitypolicyviolation', report);
});

/** What a request for a range is answered with: a ramp over the range that was asked for. */
function ramp(path: string) {
  const parameters = new URLSearchParams(path.split('?')[1]);
  const [start, end] = [Number(parameters.get('start')), Number(parameters.get('end'))];
  const step = Number.parseInt(parameters.get('step') ?? '1', 10);
  const values = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, i) => [start + i * step, String(i)]);
  return { data: { result: [{ metric: { __name__: 'cpu_usage_ratio', host: 'db-1' }, values }] } };
}

async function queried(attributes: Record<string, string>, answers: Record<string, unknown> = {}) {
  const mounted = mount('tarsier-chart', { label: 'CPU', ...attributes });
  end = mounted.end;
  mounted.answers.set('/v1/query_range', ramp);
  mounted.answers.set('/v1/series', { series: [{ name: 'cpu_usage_ratio', kind: 'gauge', unit: 'ratio' }] });
  mounted.answers.set('/v1/anomalies', { anomalies: [] });
  mounted.answers.set('/v1/anomalies/events', { events: [] });
  for (const [path, answer] of Object.entries(answers)) mounted.answers.set(path, answer);
  await mounted.element.updateComplete;
  return mounted;
}

/** A hand at the mouse over the plot; places are parts of its width. */
function handOver(element: Element) {
  const over = part(element, '.u-over');
  const { left, top, width } = over.getBoundingClientRect();
  over.setPointerCapture = () => undefined;
  return (type: 'down' | 'move' | 'up', x: number, options: PointerEventInit = {}): void => {
    const at = {
      bubbles: true,
      cancelable: true,
      button: 0,
      buttons: type === 'up' ? 0 : 1,
      pointerId: 1,
      pointerType: 'mouse',
      clientX: left + x * width,
      movementX: 1,
      clientY: top + 20,
      ...options,
    };
    over.dispatchEvent(new PointerEvent(`pointer${type}`, at));
    // uPlot listens to the document for the end, since a drag may leave the plot.
    (type === 'up' ? document : over).dispatchEvent(new MouseEvent(`mouse${type}`, at));
  };
}

function drag(element: Element, from: number, to: number, options: PointerEventInit = {}): void {
  const hand = handOver(element);
  hand('down', from, options);
  hand('move', (from + to) / 2, options);
  hand('move', to, options);
  hand('up', to, options);
}

/** Until what was asked for is drawn. */
async function frames(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
}

async function halfAnHour() {
  const mounted = await queried({ selector: 'cpu_usage_ratio' });
  mounted.provider.range = '2026-07-01T10:00:00Z/2026-07-01T10:30:00Z';
  await expect.poll(() => mounted.element.shadowRoot?.querySelector('canvas')).toBeTruthy();
  await frames();
  const drawn = (): string => pixels(part(mounted.element, 'canvas'));
  return { ...mounted, drawn, hand: handOver(mounted.element) };
}

test('a chart that loses its own range shows the shared one', async () => {
  const { element } = await chart();
  element.setAttribute('range', '1m');
  element.removeAttribute('range');
  await element.updateComplete;
  expect(element.range).toBe('');
});

test('a query is asked for over the shared range, and the axis has the unit that its name says', async () => {
  const { element, asked, provider } = await queried({ query: 'max(cpu_busy_ratio)' });
  provider.range = '2026-07-01T10:00:00Z/2026-07-01T16:00:00Z';
  await expect.poll(() => element.view?.to).toBe(Date.parse('2026-07-01T16:00:00Z'));
  // What asks is loaded by the first question.
  const rangeAsked = (): string | undefined => asked.findLast((one) => one.startsWith('/v1/query_range'));
  await expect.poll(rangeAsked).toBeDefined();
  const path = rangeAsked() ?? '';
  expect(new URLSearchParams(path.split('?')[1]).get('query')).toBe('max(cpu_busy_ratio)');
  expect(element.view?.unit).toBe('ratio');
  await expect.poll(() => element.shadowRoot?.querySelector('canvas')).toBeTruthy();
  await expectAccessible(element);
});

test('what is held stays drawn, where it belongs in the new range, until that is answered', async () => {
  const { element, provider, canvas, hold, answers } = await chart();
  provider.range = '5m';
  await provider.updateComplete;
  answers.set('/v1/', () => new Promise(() => undefined));
  const drawn = (): number => element.view?.lines[0]?.values.filter((value) => !Number.isNaN(value)).length ?? 0;
  const to = Date.now() - 60_000;
  const span = { from: to - 120_000, to };
  provider.view.zoomTo({ kind: 'fixed', ...span });
  await expect.poll(() => element.view).toMatchObject(span);
  expect(drawn()).toBeGreaterThan(100);
  expect(part(element, 'canvas')).toBe(canvas);
  // Its series are announced before their samples come.
  const announced = cpu().map((series) => ({
    ...series,
    column: { times: new Float64Array(), values: new Float64Array() },
  }));
  part(element, '.frame').dispatchEvent(new PointerEvent('pointerenter'));
  hold(announced, { kind: 'loading' });
  provider.view.zoomBack();
  await expect.poll(() => (element.view?.to ?? 0) - (element.view?.from ?? 0)).toBeGreaterThan(120_000);
  expect(drawn()).toBeGreaterThan(100);
  expect(part(element, 'canvas')).toBe(canvas);
  // The pointer in it keeps no answer away.
  hold(cpu(Date.now(), 0.75));
  await expect.poll(() => element.view?.lines[0]?.latest).toBe(0.75);
  expect(drawn()).toBeGreaterThan(200);
});

test('of another time nothing is shown until it is answered, and a failure is said', async () => {
  const { element, provider, answers } = await chart();
  provider.range = '5m';
  await provider.updateComplete;
  let refuse = (): void => undefined;
  const answer = new Promise((_, reject) => {
    refuse = () => reject(new RequestError(503, { code: 'query/busy', message: 'Too busy.', retryable: true }));
  });
  answers.set('/v1/', () => answer);
  const to = Date.now() - 86_400_000;
  provider.view.zoomTo({ kind: 'fixed', from: to - 300_000, to });
  await expect.poll(() => shownText(element)).toContain('Loading');
  refuse();
  await expect.poll(() => shownText(element)).toContain('Too busy.');
  provider.view.zoomBack();
  await expect.poll(() => element.view?.lines[0]?.latest).toBe(0.5);
});

test('a drag zooms every chart of the provider, and a double click goes back', async () => {
  const { element, provider } = await queried({ selector: 'cpu_usage_ratio' });
  provider.range = '2026-07-01T10:00:00Z/2026-07-01T10:30:00Z';
  await expect.poll(() => element.shadowRoot?.querySelector('canvas')).toBeTruthy();
  drag(element, 0.25, 0.75);
  const { value } = provider.view.range;
  if (value?.kind !== 'fixed') throw new Error(`expected a fixed range, got ${value?.kind}`);
  expect(value.from / 60_000).toBeCloseTo(Date.parse('2026-07-01T10:07:30Z') / 60_000, 0);
  expect((value.to - value.from) / 60_000).toBeCloseTo(15, 0);
  part(element, '.u-over').dispatchEvent(new MouseEvent('dblclick', { bubbles: true }));
  expect(provider.view.range.value).toEqual({
    kind: 'fixed',
    from: Date.parse('2026-07-01T10:00:00Z'),
    to: Date.parse('2026-07-01T10:30:00Z'),
  });
});

test('a drag with Shift moves the window, which keeps its length', async () => {
  const { element, provider } = await queried({ selector: 'cpu_usage_ratio' });
  provider.range = '2026-07-01T10:00:00Z/2026-07-01T10:30:00Z';
  await expect.poll(() => element.shadowRoot?.querySelector('canvas')).toBeTruthy();
  drag(element, 0.2, 0.7, { shiftKey: true });
  const { value } = provider.view.range;
  if (value?.kind !== 'fixed') throw new Error(`expected a fixed range, got ${value?.kind}`);
  expect(value.to - value.from).toBe(1_800_000);
  expect(value.from / 60_000).toBeCloseTo(Date.parse('2026-07-01T09:45:00Z') / 60_000, 0);
});

test('a curve in a hand is thin and stays where the hand is, whatever comes meanwhile; let go there, it is as before', async () => {
  const { drawn, hand, anomalies } = await halfAnHour();
  const shift = { shiftKey: true };
  const before = drawn();
  hand('down', 0.2, shift);
  hand('move', 0.7, shift);
  await frames();
  const held = drawn();
  anomalies.set([anomaly]);
  await frames();
  expect(drawn()).toBe(held);
  hand('move', 0.2, shift);
  await frames();
  expect(drawn()).not.toBe(before);
  hand('up', 0.2, shift);
  await frames();
  expect(drawn()).toBe(before);
});

test('while a curve is panned there is no cursor and none is told, though Shift is let go of first', async () => {
  const { element, hand } = await halfAnHour();
  const told: unknown[] = [];
  element.addEventListener('tarsier-cursor', (event) =>
    told.push(event instanceof CustomEvent ? event.detail.time : event),
  );
  const cursor = (): string => part(element, '.u-cursor-x').style.transform;
  hand('move', 0.5, { buttons: 0 });
  await expect.poll(cursor).toMatch(/translate\((?!-)/u);
  hand('down', 0.5, { shiftKey: true });
  await expect.poll(cursor).toMatch(/translate\(-/u);
  expect(told.at(-1)).toBeUndefined();
  const { length } = told;
  for (const x of [0.55, 0.6, 0.65]) {
    hand('move', x);
    await frames();
    expect(cursor()).toMatch(/translate\(-/u);
  }
  hand('up', 0.65);
  expect(told).toHaveLength(length);
});

test('Shift that is pressed while a stretch is selected changes nothing', async () => {
  const { provider, hand } = await halfAnHour();
  hand('down', 0.25);
  hand('move', 0.5);
  hand('move', 0.75, { shiftKey: true });
  hand('up', 0.75, { shiftKey: true });
  const { value } = provider.view.range;
  if (value?.kind !== 'fixed') throw new Error(`expected a fixed range, got ${value?.kind}`);
  expect((value.to - value.from) / 60_000).toBeCloseTo(15, 0);
});

test('the same is done with keys: zoom, pan, reset, next anomaly, summary, help', async () => {
  const { element, provider } = await chart(cpu(), [anomaly]);
  provider.range = '15m';
  await provider.updateComplete;
  part(element, '.frame').focus();
  await userEvent.keyboard('a');
  await expect.poll(() => part(element, '[role=status]').textContent).toContain('far above its own past');
  await userEvent.keyboard('s');
  await expect.poll(() => part(element, '[role=status]').textContent).toMatch(/user: lowest 50\.0.%, highest 50\.0.%/u);
  await userEvent.keyboard('?');
  await expect.poll(() => part(element, 'dialog').hasAttribute('open')).toBe(true);
  await expectAccessible(element);
  await userEvent.keyboard('{Escape}');
  await userEvent.keyboard('-');
  expect(provider.view.range.value).toEqual({ kind: 'last', ms: 1_800_000 });
  await userEvent.keyboard('0');
  expect(provider.view.range.value).toEqual({ kind: 'last', ms: 900_000 });
  await userEvent.keyboard('{PageUp}');
  expect(provider.view.range.value?.kind).toBe('fixed');
});

test('the cursor of one chart is the cursor of all of its provider', async () => {
  const { element, provider, hold } = await chart();
  const other = document.createElement('tarsier-chart');
  other.selector = 'x';
  provider.append(other);
  hold(cpu());
  await expect.poll(() => other.shadowRoot?.querySelector('canvas')).toBeTruthy();
  part(element, '.frame').focus();
  await userEvent.keyboard('{ArrowLeft}{ArrowLeft}');
  const cursor = (): string => part(other, '.u-cursor-x').style.transform;
  await expect.poll(cursor).toMatch(/translate\((?!-)/u);
  const before = cursor();
  await userEvent.keyboard('{Home}');
  await expect.poll(cursor).not.toBe(before);
  await userEvent.keyboard('{Escape}');
  await expect.poll(cursor).toMatch(/translate\(-/u);
});

test('lines of last week are asked for, drawn dashed, and told in the tooltip', async () => {
  const { element, asked } = await queried({
    selector: 'cpu_usage_ratio',
    range: '2026-07-08T10:00:00Z/2026-07-08T10:30:00Z',
    compare: '1w',
  });
  await expect.poll(() => element.view?.lines.map(({ earlier }) => earlier)).toEqual([false, true]);
  const week = Date.parse('2026-07-01T10:00:00Z') / 1000;
  expect(asked.some((path) => path.includes(`start=${week}`))).toBe(true);
  part(element, '.frame').focus();
  await userEvent.keyboard('{ArrowLeft}');
  await expect.poll(() => part(element, '.tooltip').textContent).toContain('±0');
});

test('a forecast is three bands beyond now', async () => {
  const ahead = (path: string) => {
    const confidence = Number(new URLSearchParams(path.split('?')[1]).get('confidence'));
    const times = [1, 2, 3].map((minutes) => Date.now() + minutes * 60_000);
    const band = { times, median: [0.5, 0.5, 0.5], low: [0.4, 0.4, 0.4], high: [0.6, 0.6, 0.6] };
    return { confidence, forecasts: [{ metric: {}, model: 'trend', ...band }] };
  };
  const mounted = mount('tarsier-chart', { label: 'CPU', selector: 'x', forecast: '3m' });
  end = mounted.end;
  mounted.answers.set('/v1/forecast', ahead);
  await mounted.element.updateComplete;
  mounted.hold(cpu());
  await expect
    .poll(() => mounted.element.view?.forecasts.map(({ confidence }) => confidence))
    .toEqual([0.95, 0.8, 0.5]);
  const { element } = mounted;
  expect(element.view?.end).toBeGreaterThan(element.view?.to ?? Infinity);
  await new Promise(requestAnimationFrame);
  // The right end of the plot, at half its height, is within the bands.
  await expect.poll(() => pixelAt(element, 0.9, 0.3)[3]).toBeGreaterThan(10);
});

test('a threshold is moved with the arrow keys and becomes a proposal of a rule', async () => {
  const mounted = mount('tarsier-chart', { label: 'CPU', selector: 'cpu', threshold: '0.5', editable: '' });
  end = mounted.end;
  await mounted.element.updateComplete;
  mounted.hold(cpu());
  const { element } = mounted;
  await expect.poll(() => element.shadowRoot?.querySelector('[role=slider]')).toBeTruthy();
  const heard: unknown[] = [];
  element.addEventListener('tarsier-threshold', (event) => {
    if (event instanceof CustomEvent) heard.push(event.detail);
  });
  const handle = part(element, '[role=slider]');
  expect(handle.getAttribute('aria-valuetext')).toMatch(/50\.0.%/u);
  await expectAccessible(element);
  handle.focus();
  await userEvent.keyboard('{ArrowUp}{ArrowUp}');
  await expect.poll(() => Number(part(element, '[role=slider]').getAttribute('aria-valuenow'))).toBeGreaterThan(0.5);
  await userEvent.click(part(element, '.proposal button'));
  expect(heard).toMatchObject([{ expr: 'cpu', value: expect.any(Number) }]);
});

test('what is drawn can be taken along: CSV, SVG, PNG, and a link to the same time', async () => {
  const { element } = await chart();
  const [head, first = ''] = (await element.toCSV()).split('\r\n');
  expect(head).toBe('time,user,system');
  expect(first).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z,0\.5,0\.25$/u);
  const svg = new DOMParser().parseFromString(await element.toSVG(), 'image/svg+xml');
  expect(svg.querySelector('parsererror')).toBeNull();
  expect(svg.querySelectorAll('path[fill=none]')).toHaveLength(2);
  const png = await createImageBitmap(await element.toPNG());
  expect(png.width).toBeGreaterThan(200);
  const link = new URL(element.permalink());
  expect(link.origin).toBe('https://collector.test');
  expect(new URLSearchParams(link.hash.split('?')[1]).get('range')).toMatch(/Z\/.*Z$/u);
});

test.each(['area', 'bars', 'band', 'steps'] as const)(
  '%s are drawn, also stacked and on a logarithmic axis',
  async (kind) => {
    const sawtooth = Array.from({ length: 60 }, (_, i) => 0.1 + (i % 10) / 10);
    const { element } = await chart([
      heldSeries('cpu_usage_ratio', { host: 'db-1', mode: 'user' }, sawtooth),
      heldSeries('cpu_usage_ratio', { host: 'db-1', mode: 'system' }, sawtooth.toReversed()),
    ]);
    const lines = pixels(part(element, 'canvas'));
    element.kind = kind;
    await expect.poll(() => pixels(part(element, 'canvas'))).not.toBe(lines);
    const plain = pixels(part(element, 'canvas'));
    element.stacked = true;
    element.log = true;
    await expect.poll(() => element.view?.held.range.step).toBe(0);
    await expect.poll(() => pixels(part(element, 'canvas'))).not.toBe(plain);
  },
);

test('of several queries one that fails leaves the others, and is said', async () => {
  const mounted = mount('tarsier-chart', { label: 'Both', range: '2026-07-01T10:00:00Z/2026-07-01T10:30:00Z' });
  end = mounted.end;
  const { element, answers } = mounted;
  answers.set('/v1/query_range', (path: string) =>
    path.includes('bad') ? new RequestError(400, { code: 'query/parse', message: 'no', retryable: false }) : ramp(path),
  );
  answers.set('/v1/anomalies', { anomalies: [], events: [] });
  for (const expr of ['sum(good)', 'bad(']) {
    const query = document.createElement('tarsier-query');
    query.setAttribute('expr', expr);
    element.append(query);
  }
  element.reset();
  await expect.poll(() => shownText(element)).toContain('1 of 2 queries unavailable');
  expect(element.view?.lines).toHaveLength(1);
  await expectAccessible(element);
});

test('a token that may not see it is told so calmly, without an error code', async () => {
  const denied = new RequestError(403, { code: 'auth/scope', message: 'needs read', retryable: false });
  const { element } = await queried({ query: 'up' }, { '/v1/query_range': denied });
  await expect.poll(() => shownText(element)).toContain('This view may not show these series.');
  expect(shownText(element)).not.toContain('auth/');
  await expectAccessible(element);
});

test('a token that is not accepted is said as such, and not as a collector that does not answer', async () => {
  // As a browser hears of a refusal that another site's page may not read.
  const unread = new RequestError(0, { code: 'client/unreachable', message: 'No answer.', retryable: true });
  const { element, connection } = await queried({ query: 'up' }, { '/v1/query_range': unread });
  connection.set({ kind: 'signed-out', since: 0, reason: 'token' });
  await expect.poll(() => shownText(element)).toContain('The collector does not accept the token of this page.');
  expect(shownText(element)).not.toContain('No answer.');
  await expectAccessible(element);
});

test('a failed query is tried again by its button', async () => {
  const broken = new RequestError(503, { code: 'query/busy', message: 'Too busy.', retryable: true });
  const { element, answers } = await queried({ query: 'up' }, { '/v1/query_range': broken });
  await expect.poll(() => shownText(element)).toContain('Too busy.');
  answers.set('/v1/query_range', ramp);
  await userEvent.click(part(element, '.note button'));
  await expect.poll(() => element.shadowRoot?.querySelector('canvas')).toBeTruthy();
});

test('in German it says the same with a comma', async () => {
  words.add('de', de);
  const { element } = await chart();
  element.lang = 'de';
  element.requestUpdate();
  await expect.poll(() => shownText(element)).toContain('50,0 %');
  expect(part(element, '.frame').getAttribute('aria-label')).toContain('keine Anomalie');
});
