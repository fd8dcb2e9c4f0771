import type { AnomalyEvent } from '@tarsier/protocol';
import { afterEach, expect, test } from 'vitest';
import { userEvent } from 'vitest/browser';
import { RequestError } from '../data/rest.ts';
import { heldSeries } from '../testing/fake-source.ts';
import { expectAccessible, mount, part } from '../testing/mount.ts';

let end = (): void => undefined;
afterEach(() => end());

const textOf = (element: Element): string => (element.shadowRoot?.textContent ?? '').replaceAll(/\s+/gu, ' ').trim();
const ramp = Array.from({ length: 60 }, (_, i) => i / 60);
const cpu = (host: string, values: readonly number[] = ramp, newest = Date.now()) =>
  heldSeries('cpu_busy_ratio', { host }, values, newest);

async function shown<T extends 'tarsier-stat' | 'tarsier-gauge' | 'tarsier-sparkline' | 'tarsier-heatmap'>(
  tag: T,
  attributes: Record<string, string> = {},
) {
  const mounted = mount(tag, { label: 'CPU', selector: 'cpu_busy_ratio', ...attributes });
  end = mounted.end;
  await mounted.element.updateComplete;
  return mounted;
}

const tags = ['tarsier-stat', 'tarsier-gauge', 'tarsier-sparkline', 'tarsier-heatmap'] as const;

test.each(tags)('%s says that it loads, that there is nothing, and what failed, and tries again', async (tag) => {
  const { element, hold, connection, watching, retries } = await shown(tag);
  await expect.poll(() => textOf(element)).toContain('Loading…');
  hold([]);
  await expect.poll(() => textOf(element)).toContain('no data');
  await expectAccessible(element);
  hold([], { kind: 'failed', error: { code: 'query/selector', message: 'expected a label', retryable: false } });
  await expect.poll(() => textOf(element)).toContain('expected a label');
  await userEvent.click(part(element, '.note button'));
  expect(retries()).toBe(1);
  hold([], { kind: 'failed', error: { code: 'auth/scope', message: 'needs read', retryable: false } });
  await expect.poll(() => textOf(element)).toContain('This view may not show this.');
  hold([], { kind: 'loading' });
  connection.set({ kind: 'signed-out', since: 0 });
  await expect.poll(() => textOf(element)).toContain('Signed out.');
  connection.set({ kind: 'signed-out', since: 0, reason: 'token' });
  await expect.poll(() => textOf(element)).toContain('The collector does not accept the token of this page.');
  element.remove();
  expect(watching.size).toBe(0);
});

test.each(tags)('%s is accessible with samples, and draws them from a property without a collector', async (tag) => {
  const { element, hold } = await shown(tag);
  hold([cpu('a'), cpu('b')]);
  await expect
    .poll(() => textOf(element) + (element.shadowRoot?.querySelector('svg')?.ariaLabel ?? ''))
    .toMatch(/98\.3|high/u);
  await expectAccessible(element);
  element.data = [cpu('a', [0.1, 0.25])];
  await element.updateComplete;
  expect(textOf(element) + (element.shadowRoot?.querySelector('svg')?.ariaLabel ?? '')).toMatch(/25\.0|high/u);
});

test.each(tags)('%s that nobody told what to show says what is missing', async (tag) => {
  const { element } = await shown(tag, { selector: '' });
  await expect.poll(() => textOf(element)).toContain('Give this element a selector or a query.');
  expect(textOf(element)).not.toContain('Loading');
});

test('a number says when it is old', async () => {
  const { element, hold } = await shown('tarsier-stat');
  hold([cpu('a', ramp, Date.now() - 120_000)]);
  await expect.poll(() => textOf(element)).toMatch(/2.min old/u);
});

test('a gauge says in a word which bound it has passed', async () => {
  const { element, hold } = await shown('tarsier-gauge', { warning: '0.5', critical: '0.9' });
  hold([cpu('a', [0.1, 0.7])]);
  await expect.poll(() => part(element, 'svg').getAttribute('aria-label')).toMatch(/CPU, 70\.0.%, warning/u);
  hold([cpu('a', [0.1, 0.95])]);
  await expect.poll(() => textOf(element)).toContain('critical alert');
  await expectAccessible(element);
});

test('heat is darker where the value is higher; a row leads to its host; the table says it in numbers', async () => {
  const { element, hold } = await shown('tarsier-heatmap');
  hold([
    cpu(
      'web-2',
      Array.from({ length: 300 }, () => 1),
    ),
    cpu(
      'web-1',
      Array.from({ length: 300 }, () => 0),
    ),
  ]);
  await expect.poll(() => element.heat?.rows.map(({ name }) => name)).toEqual(['web-1', 'web-2']);
  const canvas = part(element, 'canvas');
  const lightness = (row: number): number => {
    if (!(canvas instanceof HTMLCanvasElement)) return NaN;
    const [red = 0, green = 0, blue = 0] =
      canvas.getContext('2d')?.getImageData(canvas.width * 0.8, (row * 22 + 11) * devicePixelRatio, 1, 1).data ?? [];
    return red + green + blue;
  };
  await expect.poll(() => lightness(0)).toBeGreaterThan(lightness(1));
  const heard: unknown[] = [];
  element.addEventListener('tarsier-drill', (event) => {
    if (event instanceof CustomEvent) heard.push(event.detail);
  });
  part(element, 'ul button').focus();
  await userEvent.keyboard('{Enter}');
  expect(heard).toEqual([{ host: 'web-1' }]);
  await userEvent.click(part(element, '.tool'));
  await expect.poll(() => part(element, 'table').textContent).toMatch(/web-2\s+100.%/u);
  await expectAccessible(element);
});

const event: AnomalyEvent = {
  id: 'e1',
  host: 'db-1',
  start: Date.now() - 120_000,
  peakAt: Date.now() - 100_000,
  peakSurprise: 7.2,
  peakRatio: 0.2,
  page: true,
  detectors: ['zscore'],
  seriesCount: 12,
  reason: 'CPU and load were far above usual',
  contributors: [
    {
      metric: 'cpu_busy_ratio',
      labels: { host: 'db-1' },
      detectors: ['zscore'],
      since: Date.now() - 120_000,
      strength: 9,
      peakScore: 8,
      peakAt: Date.now() - 100_000,
      value: 0.97,
      expected: 0.2,
      low: 0.1,
      high: 0.3,
    },
  ],
};

test('an event is opened with the keyboard, says why and what moved, and can be judged', async () => {
  const mounted = mount('tarsier-anomaly-timeline', { range: '15m' });
  end = mounted.end;
  const { element, answers, asked } = mounted;
  answers.set('/v1/anomalies/events', { events: [event] });
  answers.set('/v1/anomalies/events/e1/feedback', {});
  await element.updateComplete;
  await expect.poll(() => element.shadowRoot?.querySelector('.track button')).toBeTruthy();
  await expectAccessible(element);
  part(element, '.track button').focus();
  await userEvent.keyboard('{Enter}');
  await expect.poll(() => textOf(element)).toContain('CPU and load were far above usual');
  expect(textOf(element)).toMatch(/97\.0.%, usual 10\.0.% to 30\.0.%/u);
  await expectAccessible(element);
  await userEvent.click(part(element, '.verdict button:nth-of-type(2)'));
  await expect.poll(() => textOf(element)).toContain('Noted');
  expect(asked.at(-1)).toBe('PUT /v1/anomalies/events/e1/feedback {"verdict":"noise"}');
});

test('an event that comes live appears by itself; without any it says so calmly', async () => {
  const mounted = mount('tarsier-anomaly-timeline', { range: '15m' });
  end = mounted.end;
  const { element, answers, events } = mounted;
  answers.set('/v1/anomalies/events', { events: [] });
  await element.updateComplete;
  await expect.poll(() => textOf(element)).toMatch(/Nothing unusual in the last 15.min/u);
  events.set([event]);
  await expect.poll(() => element.shadowRoot?.querySelector('.track button')).toBeTruthy();
});

test('a failed list of events offers to try again', async () => {
  const mounted = mount('tarsier-anomaly-timeline');
  end = mounted.end;
  const { element, answers } = mounted;
  answers.set('/v1/anomalies/events', new RequestError(503, { code: 'http/busy', message: 'Busy.', retryable: true }));
  await element.updateComplete;
  await expect.poll(() => textOf(element)).toContain('Busy.');
  answers.set('/v1/anomalies/events', { events: [event] });
  await userEvent.click(part(element, '.note button'));
  await expect.poll(() => element.shadowRoot?.querySelector('.track button')).toBeTruthy();
});

test('health says what changed, the strongest first, and which disk will be full', async () => {
  const mounted = mount('tarsier-health', { host: 'db-1', range: '1h' });
  end = mounted.end;
  const { element, answers, hold } = mounted;
  answers.set('/v1/anomalies/events', { events: [event] });
  answers.set('/v1/query_range', { data: { result: [] } });
  answers.set('/v1/forecast', {
    forecasts: [
      { metric: { mount: '/var' }, crossing: { at: Date.now() + 3 * 3_600_000 } },
      { metric: { mount: '/' } },
    ],
  });
  await element.updateComplete;
  hold([cpu('db-1')]);
  await expect.poll(() => textOf(element)).toMatch(/\/var will be 95 % full in [23].h/u);
  await expect.poll(() => textOf(element)).toContain('usual 10.0');
  // With a value and without one they are of one height.
  const heights = [...(element.shadowRoot?.querySelectorAll('tarsier-stat') ?? [])].map(
    ({ shadowRoot }) => shadowRoot?.querySelector('.card')?.clientHeight,
  );
  expect(heights).toHaveLength(4);
  expect(new Set(heights).size).toBe(1);
  await expectAccessible(element);
  const heard: unknown[] = [];
  element.addEventListener('tarsier-drill', (drill) => {
    if (drill instanceof CustomEvent) heard.push(drill.detail);
  });
  await userEvent.click(part(element, '[part=insights] li button'));
  expect(heard).toEqual([{ query: 'cpu_busy_ratio{host="db-1"}', host: 'db-1' }]);
});
