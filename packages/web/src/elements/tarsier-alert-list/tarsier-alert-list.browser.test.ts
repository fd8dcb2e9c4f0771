import type { Incident } from '@tarsier/protocol';
import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { RequestError } from '../../data/rest.ts';
import { de } from '../../i18n/alerts/de.ts';
import { alertWords } from '../../i18n/alerts/words.ts';
import { testIncident } from '../../testing/incidents.ts';
import { expectAccessible, mount, part, shownText } from '../../testing/mount.ts';

let end = (): void => undefined;
afterEach(() => end());

const now = Date.now();
const hourMs = 3_600_000;

function over(id: string, agoMs: number, change: Partial<Incident> = {}): Incident {
  return testIncident(id, now, {
    title: `Over ${id}`,
    status: 'resolved',
    openedAt: now - agoMs - 60_000,
    resolvedAt: now - agoMs,
    ...change,
  });
}

async function list(incidents: readonly Incident[], attributes: Record<string, string> = {}) {
  const mounted = mount('tarsier-alert-list', attributes);
  end = mounted.end;
  const of = (status: string) => ({ incidents: incidents.filter((one) => one.status === status) });
  mounted.answers.set('/v1/incidents?status=open', of('open'));
  mounted.answers.set('/v1/incidents?status=resolved', of('resolved'));
  await mounted.provider.updateComplete;
  await expect.poll(() => mounted.element.shadowRoot?.querySelector('[aria-busy]')).toBeNull();
  return mounted;
}

const names = (element: Element): readonly string[] =>
  [...(element.shadowRoot?.querySelectorAll('.name') ?? [])].map((node) => node.textContent.trim());

const some = [
  over('old', 10 * 60_000),
  testIncident('mild', now, { title: 'Mild', severity: 'warning', priority: { score: 20, parts: [] } }),
  testIncident('bad', now, { title: 'Bad', hosts: ['db-1', 'db-2', 'db-3', 'db-4'], hostCount: 9 }),
];

test('the most urgent comes first, what is over last, each with its priority, age, hosts and reason', async () => {
  const { element } = await list(some);
  expect(names(element)).toEqual(['Bad', 'Mild', 'Over old']);
  expect(shownText(element)).toMatch(
    /Bad 53 4 min ago Critical, firing on db-1, db-2, db-3 and 6 more latency_seconds.* above 0\.5/u,
  );
  expect(part(element, '.priority').getAttribute('aria-label')).toContain(
    'Severity 30 (critical), Breadth 3.3 (2 hosts)',
  );
  await expectAccessible(element);
});

test('of a long list the first are shown, and the others when one asks for them', async () => {
  const many = Array.from({ length: 7 }, (_, n) =>
    testIncident(`i${n}`, now, { title: `Number ${n}`, priority: { score: 90 - n, parts: [] } }),
  );
  const { element } = await list(many, { most: '5' });
  expect(names(element)).toEqual([0, 1, 2, 3, 4].map((n) => `Number ${n}`));
  const button = part(element, '.more');
  expect(button.textContent.trim()).toBe('Show 2 more');
  await expectAccessible(element);
  button.focus();
  await userEvent.keyboard('{Enter}');
  await expect.poll(() => names(element).length).toBe(7);
  await expect.poll(() => element.shadowRoot?.activeElement?.textContent.trim()).toBe('Number 5');
});

test.each(['x', '-1', '0', ''])('a list whose most is "%s" shows all', async (most) => {
  const { element } = await list(some, { most });
  expect(names(element)).toEqual(['Bad', 'Mild', 'Over old']);
  expect(element.shadowRoot?.querySelector('[part=more]')).toBeNull();
});

test('one that is left is one in German, too', async () => {
  alertWords.add('de', de);
  const { element } = await list(some, { most: '2', lang: 'de' });
  await expect.poll(() => part(element, '[part=more]').textContent.trim()).toBe('1 weiteren zeigen');
  element.setAttribute('most', '1');
  await expect.poll(() => part(element, '[part=more]').textContent.trim()).toBe('2 weitere zeigen');
});

test('an incident is acknowledged and snoozed where it stands, by the keyboard, and that is said', async () => {
  const { element, asked, answers } = await list(some);
  answers.set('/v1/incidents/bad/', {});
  part(element, '.actions .button').focus();
  await userEvent.keyboard('{Enter}');
  await expect.poll(() => part(element, '[role=status]').textContent).toBe('Acknowledged.');
  expect(asked).toContain('POST /v1/incidents/bad/acknowledge {}');
  const select = part(element, '.actions select') as HTMLSelectElement;
  await userEvent.selectOptions(select, 'hour');
  await expect.poll(() => asked.find((path) => path.includes('snooze'))).toMatch(/^POST \/v1\/incidents\/bad\/snooze/u);
  const until = Number(/\d{13}/u.exec(asked.find((path) => path.includes('snooze')) ?? '')?.[0]);
  expect(Math.abs(until - Date.now() - hourMs)).toBeLessThan(60_000);
  expect(select.value).toBe('');
});

test('a refusal is said in its own words, and a page that does it itself is left to it', async () => {
  const { element, asked, answers } = await list(some);
  answers.set(
    '/v1/incidents/bad/',
    new RequestError(403, { code: 'auth/scope', message: 'this key may only read', retryable: false }),
  );
  part(element, '.actions .button').click();
  await expect.poll(() => part(element, '[role=status]').textContent).toContain('this key may only read');
  element.addEventListener('tarsier-action', (event) => event.preventDefault());
  const before = asked.filter((path) => path.startsWith('POST')).length;
  part(element, '.actions .button').click();
  await expect.poll(() => part(element, '[role=status]').textContent).toBe('Acknowledged.');
  expect(asked.filter((path) => path.startsWith('POST'))).toHaveLength(before);
});

test('fields filter by words, state and severity, and sort', async () => {
  const { element } = await list(
    [
      ...some,
      testIncident('known', now, {
        title: 'Known',
        openedAt: now - 60_000,
        priority: { score: 90, parts: [] },
        acknowledged: { by: 'ann', at: now },
      }),
    ],
    { filters: '' },
  );
  expect(names(element)).toEqual(['Known', 'Bad', 'Mild', 'Over old']);
  expect(shownText(element)).toContain('Acknowledged by ann');
  const [state, severity, sort] = [
    ...(element.shadowRoot?.querySelectorAll<HTMLSelectElement>('.filters select') ?? []),
  ];
  const choose = async (select: HTMLSelectElement | undefined, option: string) => {
    if (select === undefined) throw new Error('expected a field');
    await userEvent.selectOptions(select, option);
    await element.updateComplete;
  };
  await choose(state, 'Needs somebody');
  expect(names(element)).toEqual(['Bad', 'Mild']);
  await choose(severity, 'Critical and worse');
  expect(names(element)).toEqual(['Bad']);
  await choose(state, 'Open and over');
  await choose(severity, 'Any severity');
  await choose(sort, 'Newest');
  expect(names(element)[0]).toBe('Known');
  await userEvent.type(part(element, 'input'), 'mild');
  await element.updateComplete;
  expect(names(element)).toEqual(['Mild']);
  await userEvent.type(part(element, 'input'), ' nowhere');
  await element.updateComplete;
  expect(shownText(element)).toContain('No incident is like this.');
  await expectAccessible(element);
});

test('a list for one host shows what is on that one only', async () => {
  const { element } = await list(some, { host: 'db-2' });
  expect(names(element)).toEqual(['Bad']);
});

test('what was over last week is no news', async () => {
  const { element } = await list([over('old', 7 * 24 * hourMs)]);
  expect(shownText(element)).toContain('Nothing is firing.');
  await expectAccessible(element);
});

test('choosing an incident is told to the page, or leads to its address', async () => {
  const { element } = await list(some);
  const drilled: unknown[] = [];
  element.addEventListener('tarsier-drill', (event) => drilled.push((event as CustomEvent).detail));
  part(element, '.name').click();
  expect(drilled).toEqual([{ incident: 'bad' }]);
  element.href = '#/alerts/{incident}';
  await element.updateComplete;
  expect(part(element, '.name').getAttribute('href')).toBe('#/alerts/bad');
});

test('a list that cannot be loaded says why, and tries again', async () => {
  const mounted = mount('tarsier-alert-list');
  end = mounted.end;
  const error = { code: 'storage/unavailable', message: 'No database.', retryable: true };
  mounted.answers.set('/v1/incidents?', new RequestError(503, error));
  await expect.poll(() => shownText(mounted.element)).toContain('No database. storage/unavailable');
  mounted.answers.set('/v1/incidents?', { incidents: [] });
  part(mounted.element, '.empty .button').click();
  await expect.poll(() => shownText(mounted.element)).toContain('Nothing is firing.');
});

test('a view that may not show incidents says so calmly', async () => {
  const mounted = mount('tarsier-alert-list');
  end = mounted.end;
  const error = { code: 'auth/scope', message: 'this needs a key of scope read', retryable: false };
  mounted.answers.set('/v1/incidents?', new RequestError(403, error));
  await expect.poll(() => shownText(mounted.element)).toBe('This view may not show incidents.');
  expect(mounted.element.shadowRoot?.querySelector('button')).toBeNull();
});

test('it is no wider than a small phone', async () => {
  await page.viewport(320, 700);
  const { element } = await list(some, { filters: '' });
  expect(element.scrollWidth).toBeLessThanOrEqual(320);
  await page.viewport(800, 600);
});
