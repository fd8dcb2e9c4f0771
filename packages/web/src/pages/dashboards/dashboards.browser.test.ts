import { afterEach, beforeEach, expect, test } from 'vitest';
import { userEvent } from 'vitest/browser';
import { parseRoute } from '../../app/route.ts';
import { RequestError } from '../../data/rest.ts';
import { define, elements } from '../../define.ts';
import '../../styles/page.css';
import { createFakeSource } from '../../testing/fake-source.ts';
import { expectAccessible } from '../../testing/mount.ts';
import { DashboardsPage } from './dashboards.ts';

define([...elements, ['tarsier-dashboards-page', DashboardsPage]]);

const chart = (label: string) => ({
  element: 'tarsier-chart',
  attributes: { label, query: 'cpu_busy_ratio' },
  width: 6,
  height: 4,
});
const dashboard = { id: 'd1', name: 'Checkout', description: '', panels: [chart('CPU'), chart('Load')] };

let fake: ReturnType<typeof createFakeSource>;
let provider: HTMLElement;
let page: DashboardsPage;

beforeEach(() => {
  document.documentElement.lang = 'en';
  fake = createFakeSource();
  fake.answers.set('/v1/dashboards', { ...dashboard, dashboards: [dashboard] });
});
afterEach(() => {
  provider.remove();
  location.hash = '';
});

function open(address: string): void {
  const holder = document.createElement('tarsier-provider');
  holder.source = fake.source;
  page = document.createElement('tarsier-dashboards-page');
  page.route = parseRoute(address);
  holder.append(page);
  document.body.append(holder);
  provider = holder;
}
const view = (): ShadowRoot | null | undefined => page.shadowRoot?.querySelector('tarsier-dashboard-view')?.shadowRoot;
const panels = (): readonly (string | null)[] =>
  [...(view()?.querySelectorAll('.panel') ?? [])].map((panel) => panel.getAttribute('aria-label'));
async function press(label: string): Promise<void> {
  const find = (): HTMLElement | null | undefined =>
    view()?.querySelector<HTMLElement>(`button[aria-label="${label}"]`);
  await expect.poll(find).toBeTruthy();
  await userEvent.click(find() ?? document.body);
}

test('dashboards are listed, and a new one is made and shown', async () => {
  open('#/dashboards');
  await expect.poll(() => page.shadowRoot?.querySelector('.list a')?.textContent).toBe('Checkout');
  await expectAccessible(page);
  await userEvent.fill(page.shadowRoot?.querySelector('[name=name]') ?? document.body, 'Fleet');
  await userEvent.click(page.shadowRoot?.querySelector('[type=submit]') ?? document.body);
  await expect.poll(() => location.hash).toBe('#/dashboards/d1');
  expect(fake.asked).toContain('POST /v1/dashboards {"name":"Fleet"}');
});

test('a dashboard shows its elements with their attributes', async () => {
  open('#/dashboards/d1');
  await expect.poll(panels).toEqual(['CPU', 'Load']);
  const shown = view()?.querySelector('tarsier-element-frame tarsier-chart');
  expect(shown?.getAttribute('query')).toBe('cpu_busy_ratio');
  await expectAccessible(page);
});

test('a dashboard is asked for once, and a slow answer about the one before does not take its place', async () => {
  let answerLate: (answer: unknown) => void = () => undefined;
  fake.answers.set('/v1/dashboards/d1', () => new Promise((resolve) => (answerLate = resolve)));
  fake.answers.set('/v1/dashboards/d2', { ...dashboard, id: 'd2', name: 'Fleet', panels: [chart('Disk')] });
  open('#/dashboards/d1');
  await expect.poll(() => fake.asked).toContain('/v1/dashboards/d1');
  page.route = parseRoute('#/dashboards/d2');
  await expect.poll(panels).toEqual(['Disk']);
  answerLate(dashboard);
  await new Promise((resolve) => setTimeout(resolve));
  await page.updateComplete;
  expect(panels()).toEqual(['Disk']);
  expect(fake.asked.filter((path) => path.startsWith('/v1/dashboards/'))).toEqual([
    '/v1/dashboards/d1',
    '/v1/dashboards/d2',
  ]);
});

test('panels are moved, made wider, changed, added and taken away, and saved over what was read', async () => {
  open('#/dashboards/d1');
  await press('Arrange');
  await press('Later: CPU');
  await expect.poll(panels).toEqual(['Load', 'CPU']);
  await press('Wider: Load');
  await press('Change: Load');
  const field = (): HTMLElement | null | undefined => view()?.querySelector<HTMLElement>('form [name=range]');
  await expect.poll(field).toBeTruthy();
  await expectAccessible(page);
  await userEvent.fill(field() ?? document.body, '1h');
  await userEvent.tab();
  await press('Take away: CPU');
  await press('Add a panel');
  await expect.poll(() => panels().length).toBe(2);
  await press('Save');
  await expect.poll(() => fake.asked.find((asked) => asked.startsWith('PUT'))).toBeTruthy();
  const [, path, body = ''] =
    /^PUT (\S+) (.*) \{"if-match":"\\"read\\""\}$/u.exec(fake.asked.find((asked) => asked.startsWith('PUT')) ?? '') ??
    [];
  expect(path).toBe('/v1/dashboards/d1');
  expect(JSON.parse(body)).toMatchObject({
    name: 'Checkout',
    panels: [
      { width: 7, attributes: { label: 'Load', range: '1h' } },
      { element: 'tarsier-chart', attributes: { query: '' } },
    ],
  });
});

test('what somebody else has changed meanwhile is not overwritten, and the arrangement stays', async () => {
  open('#/dashboards/d1');
  await press('Arrange');
  await press('Take away: CPU');
  const error = { code: 'http/precondition', message: 'it is another', retryable: false };
  fake.answers.set('/v1/dashboards/d1', new RequestError(412, error));
  await press('Save');
  await expect
    .poll(() => view()?.querySelector('[role=status]')?.textContent)
    .toContain('Somebody else has changed it');
  expect(panels()).toEqual(['Load']);
});
