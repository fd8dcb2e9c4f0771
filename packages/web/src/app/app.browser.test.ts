import { afterEach, beforeEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { define, elements } from '../define.ts';
import { de } from '../i18n/de.ts';
import { words } from '../i18n/words.ts';
import '../styles/page.css';
import { createFakeSource, heldSeries } from '../testing/fake-source.ts';
import { expectAccessible } from '../testing/mount.ts';
import { settingsAnswers } from '../testing/settings-answers.ts';
import { TarsierApp } from './app.ts';
import { KeyHelp } from './key-help.ts';
import { applyPreferences, createPreferences } from './preferences.ts';
import { de as deApp } from './words/de.ts';
import { appWords } from './words/words.ts';

define([...elements, ['tarsier-key-help', KeyHelp], ['tarsier-app', TarsierApp]]);
words.add('de', de);
appWords.add('de', deApp);

const rule = { id: 'r1', kind: 'threshold', name: 'CPU busy', severity: 'warning', enabled: true, forMs: 300_000 };
const trial = {
  value: 1,
  fired: 7,
  incidents: 2,
  pages: [{ at: 0, reason: 'first', title: 'Busy on web-1', why: 'cpu was 1.1', severity: 'warning' }],
  pagesInRealIncidents: 0,
  missedIncidents: [],
  unsent: [],
};

let app: TarsierApp;
let fake: ReturnType<typeof createFakeSource>;
const preferences = createPreferences({ getItem: () => null, setItem: () => undefined });
preferences.subscribe(() => applyPreferences(document.documentElement, preferences.value, 'en'));

beforeEach(() => {
  location.hash = '';
  fake = createFakeSource();
  fake.answers.set('/prometheus/api/v1/label/__name__/values', { data: ['cpu_busy_ratio', 'load_average'] });
  fake.answers.set('/v1/anomalies/events', { events: [] });
  fake.answers.set('/v1/anomalies', { anomalies: [] });
  fake.answers.set('/v1/forecast', { forecasts: [] });
  fake.answers.set('/v1/query_range', { data: { result: [] } });
  fake.answers.set('/v1/rules', { rules: [rule] });
  fake.answers.set('/v1/rule-lab', { trials: [trial] });
  for (const [path, answer] of Object.entries(settingsAnswers)) fake.answers.set(path, answer);
  fake.answers.set('/v1/enrol-tokens', { token: 'tsr_enrol_x', expiresAt: Date.now() + 3_600_000 });
  fake.hosts.set({
    kind: 'ready',
    value: ['db-1', 'web-1'].map((host) => ({ host, lastSeen: Date.now(), series: 200, state: 'up' })),
  });
  fake.alerts.set({ kind: 'ready', value: [] });
  fake.hold([heldSeries('cpu_busy_ratio', { host: 'db-1', cpu: 'all' }, [0.1, 0.2, 0.3])]);
  preferences.set({ theme: 'system', language: 'en', timeZone: '' });
  app = document.createElement('tarsier-app');
  app.source = fake.source;
  app.preferences = preferences;
  document.body.append(app);
});
afterEach(() => {
  app.remove();
  location.hash = '';
});

function inApp(selector: string): HTMLElement | null {
  return app.shadowRoot?.querySelector<HTMLElement>(selector) ?? null;
}
// Its code is fetched, and transformed, when it is first shown.
const shows = (tag: string) =>
  expect.poll(() => inApp(tag)?.shadowRoot?.querySelector('h1'), { timeout: 15_000 }).toBeTruthy();

test.each([
  ['', 'tarsier-overview-page'],
  ['#/hosts', 'tarsier-hosts-page'],
  ['#/hosts/db-1', 'tarsier-hosts-page'],
  ['#/alerts', 'tarsier-alerts-page'],
  ['#/settings', 'tarsier-settings-page'],
  ['#/settings/account', 'tarsier-settings-page'],
  ['#/settings/users', 'tarsier-settings-page'],
  ['#/settings/keys', 'tarsier-settings-page'],
  ['#/settings/limits', 'tarsier-settings-page'],
  ['#/settings/origins', 'tarsier-settings-page'],
  ['#/settings/audit', 'tarsier-settings-page'],
  ['#/settings/tenants', 'tarsier-settings-page'],
  ['#/explore', 'tarsier-explore-page'],
  ['#/explore?query=up', 'tarsier-explore-page'],
  ['#/anomalies', 'tarsier-anomalies-page'],
  ['#/rules?expr=up&value=1', 'tarsier-rules-page'],
  ['#/embed', 'tarsier-embed-page'],
])('%s shows %s, accessible in each theme, and no wider than a small phone', async (hash, tag) => {
  location.hash = hash;
  await shows(tag);
  for (const theme of ['light', 'dark', 'contrast'] as const) {
    preferences.set({ ...preferences.value, theme });
    await app.updateComplete;
    await new Promise(requestAnimationFrame);
    await expectAccessible(app);
  }
  await page.viewport(320, 700);
  expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(320);
  await page.viewport(800, 600);
});

test('g and a letter go to a page; a question mark lists the keys', async () => {
  await shows('tarsier-overview-page');
  await userEvent.keyboard('gs');
  await shows('tarsier-settings-page');
  expect(location.hash).toBe('#/settings');
  await userEvent.keyboard('?');
  await expect.poll(() => inApp('tarsier-key-help')?.shadowRoot?.querySelector('dialog')?.open).toBe(true);
  await userEvent.keyboard('{Escape}');
  await expect.poll(() => inApp('tarsier-key-help')).toBeNull();
});

test('the palette finds a host by letters and goes to it', async () => {
  await shows('tarsier-overview-page');
  await userEvent.keyboard('{Control>}k{/Control}');
  const palette = (): ShadowRoot | null | undefined => inApp('tarsier-command-palette')?.shadowRoot;
  await expect.poll(() => palette()?.querySelector('dialog')?.open).toBe(true);
  await expectAccessible(app);
  await userEvent.keyboard('db1');
  await expect.poll(() => palette()?.querySelector('[aria-selected=true]')?.textContent).toContain('db-1');
  await userEvent.keyboard('{Enter}');
  await expect.poll(() => location.hash).toBe('#/hosts/db-1');
  expect(palette()?.querySelector('dialog')?.open).toBe(false);
});

test('the palette changes the language, and the numbers with it', async () => {
  await shows('tarsier-overview-page');
  await userEvent.keyboard('/');
  await expect.poll(() => inApp('tarsier-command-palette')?.shadowRoot?.querySelector('dialog')?.open).toBe(true);
  await userEvent.keyboard('deutsch{Enter}');
  await expect.poll(() => inApp('nav')?.textContent).toContain('Übersicht');
  const grid = inApp('tarsier-overview-page')?.shadowRoot?.querySelector('tarsier-host-grid');
  await expect.poll(() => grid?.shadowRoot?.textContent).toMatch(/30,0\s%/u);
});

test('the time range is in the address, stays from page to page, and comes back from a link', async () => {
  location.hash = '#/?range=1h';
  await shows('tarsier-overview-page');
  const provider = app.shadowRoot?.querySelector('tarsier-provider');
  await expect.poll(() => provider?.view.range.value).toEqual({ kind: 'last', ms: 3_600_000 });
  location.hash = '#/hosts';
  await shows('tarsier-hosts-page');
  expect(location.hash).toBe('#/hosts?range=1h');
  const from = Date.now() - 7_200_000;
  provider?.view.range.set({ kind: 'fixed', from, to: from + 600_000 });
  await expect.poll(() => location.hash).toContain(new Date(from).toISOString());
});

test('a key in a field is no command', async () => {
  location.hash = '#/settings';
  await shows('tarsier-settings-page');
  const display = (): HTMLElement | null | undefined =>
    inApp('tarsier-settings-page')?.shadowRoot?.querySelector('tarsier-settings-display');
  await expect.poll(() => display()?.shadowRoot?.querySelector('select')).toBeTruthy();
  display()?.shadowRoot?.querySelector('select')?.focus();
  await userEvent.keyboard('gh');
  expect(location.hash).toBe('#/settings');
});

test('an empty database shows the command that lets a host in, and the host when it comes', async () => {
  fake.hosts.set({ kind: 'ready', value: [] });
  await shows('tarsier-overview-page');
  const onboarding = (): Element | null | undefined =>
    inApp('tarsier-overview-page')?.shadowRoot?.querySelector('tarsier-onboarding');
  await expect
    .poll(() => onboarding()?.shadowRoot?.querySelector('code')?.textContent)
    .toContain('--token tsr_enrol_x');
  expect(onboarding()?.shadowRoot?.textContent).toContain('Waiting for the first sample');
  await expectAccessible(app);
  fake.hosts.set({ kind: 'ready', value: [{ host: 'db-1', lastSeen: Date.now(), series: 200, state: 'up' }] });
  await expect
    .poll(() =>
      inApp('tarsier-overview-page')?.shadowRoot?.querySelector('tarsier-chart')?.shadowRoot?.querySelector('canvas'),
    )
    .toBeTruthy();
});

test('on a phone the hosts come where their place was: the list of alerts stands above it already', async () => {
  await page.viewport(390, 844);
  const hosts = fake.hosts.value;
  fake.hosts.set({ kind: 'loading' });
  await shows('tarsier-overview-page');
  const grid = (): HTMLElement | null | undefined =>
    inApp('tarsier-overview-page')?.shadowRoot?.querySelector('tarsier-host-grid');
  const list = (): Element | null | undefined => grid()?.parentElement?.querySelector('tarsier-alert-list');
  await expect.poll(() => list()?.shadowRoot?.querySelector('.card:not([aria-busy])')).toBeTruthy();
  const top = grid()?.offsetTop;
  fake.hosts.set(hosts);
  await expect.poll(() => grid()?.shadowRoot?.textContent).toContain('web-1');
  expect(grid()?.offsetTop).toBe(top);
  await page.viewport(800, 600);
});

test('what no page is called leads back', async () => {
  location.hash = '#/nonsense';
  await expect.poll(() => inApp('main')?.textContent).toContain('There is no such page.');
});

test('a query is typed with completion, run with Enter, and kept in the address', async () => {
  location.hash = '#/explore';
  await shows('tarsier-explore-page');
  const editor = (): ShadowRoot | null | undefined =>
    inApp('tarsier-explore-page')?.shadowRoot?.querySelector('tarsier-query-editor')?.shadowRoot;
  await expect.poll(() => editor()?.querySelector('.cm-content')).toBeTruthy();
  await userEvent.click(editor()?.querySelector('.cm-content') ?? document.body);
  await userEvent.keyboard('cpu_');
  await expect.poll(() => editor()?.querySelector('.cm-tooltip-autocomplete')?.textContent).toContain('cpu_busy_ratio');
  await expectAccessible(app);
  await userEvent.keyboard('{Escape}busy_ratio{Enter}');
  await expect.poll(() => location.hash).toContain('query=cpu_busy_ratio');
  await expect.poll(() => inApp('tarsier-explore-page')?.shadowRoot?.querySelector('tarsier-chart')).toBeTruthy();
});

test('a rule is tried on the past before it is kept', async () => {
  location.hash = '#/rules?expr=cpu_busy_ratio&value=1';
  await shows('tarsier-rules-page');
  const form = (): ShadowRoot | null | undefined => inApp('tarsier-rules-page')?.shadowRoot;
  const list = (): string | null | undefined => form()?.querySelector('tarsier-rule-list')?.shadowRoot?.textContent;
  await expect.poll(list).toContain('CPU busy');
  await userEvent.click(form()?.querySelector('.actions button') ?? document.body);
  await expect
    .poll(() => form()?.querySelector('tarsier-lab-result')?.shadowRoot?.textContent?.replaceAll(/\s+/gu, ' '))
    .toMatch(/> 1 1 notification, \d of them in real incidents; here they are: 7 alerts in 2 incidents/u);
  await expectAccessible(app);
  await userEvent.fill(form()?.querySelector('.name input') ?? document.body, 'Busy');
  await userEvent.click(form()?.querySelector('button[type=submit]') ?? document.body);
  await expect.poll(() => form()?.querySelector('[role=status]')?.textContent).toContain('“Busy” is kept');
  expect(fake.asked.find((asked) => asked.startsWith('POST /v1/rules '))).toContain('"expr":"(cpu_busy_ratio) > 1"');
});

test('an element is configured, seen, and its lines can be copied', async () => {
  location.hash = '#/embed?element=tarsier-gauge&query=cpu_busy_ratio&max=1';
  await shows('tarsier-embed-page');
  const page = (): ShadowRoot | null | undefined => inApp('tarsier-embed-page')?.shadowRoot;
  await expect.poll(() => page()?.querySelector('.preview tarsier-gauge')?.getAttribute('max')).toBe('1');
  expect(page()?.querySelector('pre')?.textContent).toContain('<tarsier-gauge query="cpu_busy_ratio" max="1">');
  // And a token to try them with, for the series that it shows.
  fake.answers.set('/v1/view-tokens', { token: 'eyJ.of.minutes', expiresAt: Date.now() + 600_000 });
  const maker = (): ShadowRoot | null | undefined => page()?.querySelector('tarsier-token-maker')?.shadowRoot;
  await userEvent.fill(maker()?.querySelector('[name=origin]') ?? document.body, 'https://shop.example');
  await userEvent.click(maker()?.querySelector('[type=submit]') ?? document.body);
  await expect.poll(() => maker()?.querySelector('pre')?.textContent).toBe('eyJ.of.minutes');
  expect(fake.asked).toContain(
    'POST /v1/view-tokens {"selectors":["cpu_busy_ratio"],"origins":["https://shop.example"]}',
  );
  await expectAccessible(app);
});
