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

test('while the pointer is in it, it stands still; then it goes on', async () => {
  const { element, hold } = await chart();
  await userEvent.hover(part(element, '.frame'));
  await element.updateComplete;
  const before = element.view?.to;
  hold(cpu(Date.now() + 5000));
  await new Promise(requestAnimationFrame);
  expect(element.view?.to).toBe(before);
  expect(part(element, '.tooltip').textContent).toContain('user');
  await userEvent.unhover(part(element, '.frame'));
  await expect.poll(() => element.view?.to).not.toBe(before);
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
