import type { Incident } from '@tarsier/protocol';
import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { de } from '../../i18n/alerts/de.ts';
import { alertWords } from '../../i18n/alerts/words.ts';
import { RequestError } from '../../data/rest.ts';
import '../../styles/page.css';
import { testChanges, testChart, testIncident, testMatrix, testView } from '../../testing/incidents.ts';
import { expectAccessible, mount, part } from '../../testing/mount.ts';

let end = (): void => undefined;
afterEach(() => {
  end();
  document.documentElement.removeAttribute('lang');
  document.documentElement.removeAttribute('data-theme');
});

const now = Date.now();

async function show(change: Partial<Incident> = {}, attributes: Record<string, string> = {}) {
  const mounted = mount('tarsier-incident', { incident: 'i1', ...attributes });
  end = mounted.end;
  const incident = testIncident('i1', now, change);
  mounted.answers.set('/v1/incidents/i1', testView(incident, now));
  mounted.answers.set('/v1/incidents/i1/changes', testChanges(now));
  mounted.answers.set('/v1/incidents/i1/chart', testChart(now));
  mounted.answers.set('/v1/query_range', testMatrix(now));
  mounted.answers.set('/v1/anomalies', { anomalies: [] });
  mounted.answers.set('/v1/anomalies/events', { events: [] });
  mounted.alerts.set({ kind: 'ready', value: [] });
  await mounted.provider.updateComplete;
  await expect.poll(() => mounted.element.shadowRoot?.querySelector('[aria-busy]')).toBeNull();
  return mounted;
}

const text = (element: Element, selector: string): string =>
  part(element, selector).textContent.replaceAll(/\s+/gu, ' ').trim();

test('it says what it is, why, how urgent and why that, what changed, what happened, and whom it affects', async () => {
  const { element } = await show();
  expect(text(element, 'header')).toMatch(
    /^Latency high on web-1 Priority 53 of 100 Critical, firing · since .*4 min ago/u,
  );
  expect(text(element, '[aria-labelledby=why]')).toContain('was 1.2, above 0.5 for 1 min');
  expect(part(element, '[aria-labelledby=why] a').getAttribute('href')).toBe('https://runbooks.example/latency');
  expect(text(element, '[aria-labelledby=priority]')).toContain('Novelty 10 points not seen in 30 days');
  const rows = [...part(element, '[aria-labelledby=changes]').querySelectorAll('tbody tr')].map((row) =>
    row.textContent.replaceAll(/\s+/gu, ' ').trim(),
  );
  expect(rows).toEqual([
    'latency_seconds{host="web-1"} the alert itself, and 2 more series 210 ms ↑ 1.20 s with it 91%',
    'errors_total{host="web-1"} 0 /s ↑ 12.5 /s with it 74%',
    'threads{host="web-1"} 80.0 ↓ 20.0 3 min before it 44%',
  ]);
  const kinds = [...part(element, '.timeline').querySelectorAll('.kind')].map((node) => node.textContent.trim());
  expect(kinds).toEqual(['Event', 'Anomaly', 'Began', 'Told', 'ann']);
  expect(part(element, '.timeline .event a').getAttribute('href')).toBe('https://ci.example/42');
  expect(text(element, '[aria-labelledby=hosts]')).toContain('web-1');
});

test('the chart has the range of the incident, its bound, its beginning and deployments', async () => {
  const { element, asked } = await show();
  const chart = part(element, 'tarsier-chart') as HTMLElementTagNameMap['tarsier-chart'];
  expect(chart.query).toBe('latency_seconds{host="web-1"}');
  expect(chart.thresholds).toEqual([{ value: 0.5, label: '> 0.5', severity: 'critical' }]);
  expect(chart.markers.map(({ kind, text: what }) => [kind, what])).toEqual([
    ['event', 'deployment: shop 1.42'],
    ['alert', 'it began'],
  ]);
  await expect.poll(() => chart.shadowRoot?.querySelector('canvas')).toBeTruthy();
  expect(asked.some((path) => path.startsWith('/v1/query_range'))).toBe(true);
});

test('on a phone what changed is read without scrolling sideways: below each metric its values, each with its name', async () => {
  await page.viewport(390, 844);
  const { element, provider } = await show();
  const changes = part(element, '[aria-labelledby=changes]');
  const { right } = changes.getBoundingClientRect();
  const cells = [...changes.querySelectorAll('tbody :is(th, td)')];
  expect(cells.filter((cell) => cell.getBoundingClientRect().right > right)).toEqual([]);
  const [metric, before, after] = cells;
  expect(before?.getBoundingClientRect().top).toBeGreaterThan(metric?.getBoundingClientRect().top ?? NaN);
  expect(after?.getBoundingClientRect().top).toBe(before?.getBoundingClientRect().top);
  expect(cells.slice(1, 5).map((cell) => getComputedStyle(cell, '::before').content)).toEqual([
    '"Before" / ""',
    '"After" / ""',
    '"When" / ""',
    '"Match" / ""',
  ]);
  // Shown as blocks they are a table only by what they say of themselves.
  const roles = [...changes.querySelectorAll('table, table :is(thead, tbody, tr, th, td)')].map((node) =>
    node.getAttribute('role'),
  );
  const row = ['row', 'rowheader', 'cell', 'cell', 'cell', 'cell'];
  const head = ['table', 'rowgroup', 'row', ...Array.from({ length: 5 }, () => 'columnheader')];
  expect(roles).toEqual([...head, 'rowgroup', ...row, ...row, ...row]);
  await expectAccessible(provider);
  await page.viewport(800, 600);
});

test('what was not told is shown when asked for', async () => {
  const { element } = await show();
  expect(text(element, '.timeline')).not.toContain('not told (grouped)');
  await userEvent.click(part(element, '.check input'));
  await element.updateComplete;
  expect(text(element, '.timeline')).toContain('not told (grouped)');
});

test('people acknowledge, snooze, assign, comment, close and judge it', async () => {
  const { element, asked, answers } = await show();
  for (const kind of ['acknowledge', 'snooze', 'assign', 'comment', 'resolve', 'feedback']) {
    answers.set(`/v1/incidents/i1/${kind}`, {});
  }
  const button = (name: string): HTMLElement => {
    const found = [...(element.shadowRoot?.querySelectorAll<HTMLElement>('button') ?? [])].find(
      (one) => one.textContent.trim() === name,
    );
    if (found === undefined) throw new Error(`expected a button ${name}`);
    return found;
  };
  const said = (): string => text(element, '[role=status]');
  await userEvent.click(button('Acknowledge'));
  await expect.poll(said).toBe('Acknowledged.');
  await userEvent.type(part(element, '[name=assignee]'), 'bob{Enter}');
  await expect.poll(said).toBe('Assigned.');
  await userEvent.type(part(element, 'textarea'), 'the release');
  await userEvent.click(button('Add comment'));
  await expect.poll(said).toBe('Comment added.');
  await userEvent.selectOptions(part(element, '.actions select'), 'week');
  await expect.poll(said).toBe('Snoozed.');
  await userEvent.click(button('Noise'));
  await expect.poll(said).toContain('counts in the priority');
  await userEvent.click(button('Close'));
  await expect.poll(said).toBe('Closed.');
  expect(asked.filter((path) => path.startsWith('POST')).map((path) => path.replace(/\d{13}/u, 'THEN'))).toEqual([
    'POST /v1/incidents/i1/acknowledge {}',
    'POST /v1/incidents/i1/assign {"assignee":"bob"}',
    'POST /v1/incidents/i1/comment {"text":"the release"}',
    'POST /v1/incidents/i1/snooze {"until":THEN}',
    'POST /v1/incidents/i1/feedback {"verdict":"noise"}',
    'POST /v1/incidents/i1/resolve {}',
  ]);
});

test('one that is over says from when to when, and can no longer be acknowledged, but judged', async () => {
  const { element } = await show({
    status: 'resolved',
    resolvedAt: now - 60_000,
    closedBy: 'ann',
    feedback: 'useful',
    severity: 'page',
  });
  expect(text(element, '.facts')).toMatch(/^Over · .* to .*, 3 min · Closed by ann$/u);
  expect(element.shadowRoot?.querySelector('select')).toBeNull();
  expect(text(element, '[aria-pressed=true]')).toBe('Useful');
});

test('what a rule or a program says is no markup and no script', async () => {
  const { element, answers } = await show();
  const view = testView(testIncident('i1', now), now);
  const evil = { at: now, kind: 'event' as const, text: '<img src=x onerror=alert(1)>', link: 'javascript:alert(1)' };
  answers.set('/v1/incidents/i1', { ...view, timeline: [evil] });
  answers.set('/v1/incidents/i1/comment', {});
  await userEvent.type(part(element, 'textarea'), 'x');
  part(element, '.comment button').click();
  await expect.poll(() => text(element, '.timeline')).toContain('<img src=x onerror=alert(1)>');
  expect(element.shadowRoot?.querySelector('.timeline a, img')).toBeNull();
});

test('an incident that there is not says so; none chosen says that', async () => {
  const mounted = mount('tarsier-incident', { incident: 'gone' });
  end = mounted.end;
  mounted.answers.set(
    '/v1/incidents/gone',
    new RequestError(404, { code: 'http/not-found', message: 'there is no incident gone', retryable: false }),
  );
  await expect.poll(() => part(mounted.element, '.empty').textContent).toContain('there is no incident gone');
  mounted.element.incident = '';
  await mounted.element.updateComplete;
  expect(text(mounted.element, '.empty')).toBe('No incident is chosen.');
});

test.each(['light', 'dark', 'contrast'])(
  'it is accessible in the %s theme, in German, and no wider than a phone',
  async (theme) => {
    alertWords.add('de', de);
    document.documentElement.setAttribute('data-theme', theme);
    document.documentElement.setAttribute('lang', 'de');
    await page.viewport(320, 700);
    const { element, provider } = await show({ acknowledged: { by: 'ann', at: now }, assignee: 'bob' });
    expect(text(element, '.facts')).toContain('Bestätigt von ann');
    await expectAccessible(provider);
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(320);
    await page.viewport(800, 600);
  },
);
