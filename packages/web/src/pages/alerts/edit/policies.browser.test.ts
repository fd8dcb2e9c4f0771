import type { Channel, Inhibition, Override, Rotation, Route } from '@tarsier/protocol/api';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { parseRoute } from '../../../app/route.ts';
import { define } from '../../../define.ts';
import { de } from '../../../i18n/policies/de.ts';
import { policyWords } from '../../../i18n/policies/words.ts';
import '../../../styles/page.css';
import { expectAccessible, mount, part } from '../../../testing/mount.ts';
import { AlertsPage } from '../alerts.ts';

define([['tarsier-alerts-page', AlertsPage]]);
policyWords.add('de', de);

let end = (): void => undefined;
afterEach(() => end());
beforeEach(() => {
  vi.spyOn(globalThis, 'confirm').mockReturnValue(true);
});

const hourMs = 3_600_000;
const common = { rateLimit: { count: 60, perMs: hourMs }, picture: true, template: {} };
const channels: readonly Channel[] = [
  { kind: 'slack', id: 'c1', name: 'ops-chat', url: 'https://hooks.example/(hidden)', ...common },
  {
    kind: 'pagerduty',
    id: 'c2',
    name: 'pager',
    routingKey: '(hidden)',
    url: 'https://events.pagerduty.com/v2/enqueue',
    ...common,
  },
];
const rotations: readonly Rotation[] = [
  {
    id: 'r1',
    name: 'night',
    timeZone: 'Europe/Berlin',
    startsOn: '2026-11-30',
    handOverAt: '09:00',
    shiftDays: 7,
    people: [
      { name: 'ann', channels: ['c2'] },
      { name: 'bob', channels: ['c1'] },
    ],
  },
];
const route: Route = {
  id: 'w1',
  name: 'databases',
  position: 10,
  matchers: ['host=~"db-.*"'],
  channels: ['c1'],
  onCall: [],
  groupBy: ['alertname'],
  togetherMs: 120_000,
  togetherBy: ['cluster'],
  groupWaitMs: 0,
  groupIntervalMs: 60_000,
  repeatMs: 4 * hourMs,
  cooldownMs: 300_000,
  flapping: { count: 4, withinMs: hourMs, calmMs: 900_000 },
  minSeverity: 'warning',
  hours: { timeZone: 'Europe/Berlin', times: [{ days: ['mon', 'fri'], from: '08:00', to: '18:00' }] },
  anyHourSeverity: 'page',
  escalation: [{ afterMs: 900_000, channels: [], onCall: ['r1'] }],
};
const inhibitions: readonly Inhibition[] = [
  { id: 'h1', name: 'uplink', source: ['alertname="Switch down"'], target: ['severity!="page"'], equal: ['rack'] },
];
const overrides: readonly Override[] = [
  { id: 'o1', rotationId: 'r1', person: 'bob', from: Date.now(), to: Date.now() + hourMs, comment: 'dentist' },
];

async function open(tab: string, lang = 'en') {
  const mounted = mount('tarsier-alerts-page', { lang });
  end = mounted.end;
  mounted.answers.set('/v1/channels', { channels });
  mounted.answers.set('/v1/rotations', { rotations });
  mounted.answers.set('/v1/overrides', { overrides });
  mounted.answers.set('/v1/routes', {
    routes: [{ ...route, id: 'w2', name: 'office', position: 20, matchers: [] }, route],
  });
  mounted.answers.set('/v1/silences', { silences: [] });
  mounted.answers.set('/v1/inhibitions', { inhibitions });
  mounted.answers.set('/v1/on-call', { at: 0, rotations: [{ id: 'r1', name: 'night', now: null, next: null }] });
  mounted.element.route = parseRoute(`#/alerts/${tab}`);
  await mounted.element.updateComplete;
  const tag = `tarsier-alert-${tab}`;
  await expect.poll(() => part(mounted.element, tag).shadowRoot?.querySelector('.card')).toBeTruthy();
  const shown = part(mounted.element, tag);
  return {
    ...mounted,
    shown,
    text: () => (shown.shadowRoot?.textContent ?? '').replaceAll(/\s+/gu, ' ').trim(),
    said: () => part(shown, 'p[role=status]').textContent.trim(),
    /** The body that was sent last with this method. */
    sent(method: string): Record<string, unknown> {
      const request = mounted.asked.findLast((line) => line.startsWith(`${method} `)) ?? '';
      return { path: request.split(' ')[1], ...(JSON.parse(request.slice(request.indexOf('{'))) as object) };
    },
    async press(name: string) {
      const found = [...(shown.shadowRoot?.querySelectorAll('button') ?? [])].find(
        (button) => (button.getAttribute('aria-label') ?? button.textContent.trim()) === name,
      );
      if (found === undefined) throw new Error(`there is no button ${name}`);
      found.click();
      await mounted.element.updateComplete;
    },
    fill: (field: string, value: string) => userEvent.fill(part(shown, `form [name="${field}"]`), value),
  };
}

test('a channel is made: each kind asks for what it needs, and the keyboard is in its first field', async () => {
  const { shown, press, fill, sent, said, element } = await open('channels');
  await press('New channel');
  await expect.poll(() => shown.shadowRoot?.activeElement?.getAttribute('name')).toBe('name');
  await userEvent.keyboard('mail');
  await userEvent.selectOptions(part(shown, '[name=kind]'), 'email');
  await fill('server', 'smtp://mail.example:587');
  await fill('from', 'tarsier@example.com');
  await fill('to', 'ann@example.com\nbob@example.com');
  await fill('limit', '20');
  await expectAccessible(element);
  await press('Save');
  await expect.poll(said).toBe('mail is saved.');
  expect(sent('POST')).toEqual({
    path: '/v1/channels',
    name: 'mail',
    kind: 'email',
    server: 'smtp://mail.example:587',
    from: 'tarsier@example.com',
    to: ['ann@example.com', 'bob@example.com'],
    rateLimit: { count: 20, perMs: hourMs },
    picture: true,
    template: {},
  });
});

test('a channel that is changed keeps what is hidden of it, and one is deleted only after a question', async () => {
  const { press, fill, sent, said, asked } = await open('channels');
  await press('Edit pager');
  await fill('name', 'pager 2');
  await press('Save');
  await expect.poll(said).toBe('pager 2 is saved.');
  expect(sent('PUT')).toMatchObject({ path: '/v1/channels/c2', name: 'pager 2', routingKey: '(hidden)' });
  vi.mocked(confirm).mockReturnValueOnce(false);
  await press('Delete pager');
  expect(asked.filter((line) => line.startsWith('DELETE'))).toEqual([]);
  await press('Delete pager');
  await expect.poll(said).toBe('pager is deleted.');
  expect(asked).toContain('DELETE /v1/channels/c2 undefined');
});

test('routes are shown in their order with whom they tell, and an example alert’s way through them', async () => {
  const { shown, text, answers, sent, fill, press, element } = await open('routes');
  expect(text()).toMatch(
    /databases host=~"db-\.\*" tells ops-chat .* after 15 min without an answer: on call: night .* office every alert/u,
  );
  expect(text()).toContain('in hours: Mon Fri 08:00–18:00, Europe/Berlin');
  answers.set('/v1/routes/preview', {
    routeId: 'w1',
    route: 'databases',
    channels: [{ id: 'c1', name: 'ops-chat' }],
    escalation: [{ afterMs: 900_000, channels: [{ id: 'c2', name: 'pager', person: 'ann' }] }],
    held: { reason: 'out-of-hours', detail: 'route databases tells warning in its hours only' },
  });
  await fill('host', 'db-1');
  await fill('labels', 'service=shop');
  await press('Show its way');
  await expect.poll(text).toContain('It takes the route “databases”. Nobody is told now: it is out of hours.');
  expect(text()).toContain('after 15 min without an answer: pager (ann, on call)');
  expect(sent('POST')).toEqual({
    path: '/v1/routes/preview',
    labels: { service: 'shop', host: 'db-1', severity: 'warning' },
  });
  expect(part(shown, '.branch[aria-current]').textContent).toContain('databases');
  await expectAccessible(element);
});

test('a route is changed: its escalation gets another step, and what the form does not show stays', async () => {
  const { shown, press, fill, sent, said, element } = await open('routes');
  await press('Edit databases');
  await press('Add');
  await fill('after-1', '45');
  part(shown, '[name="channels-1"][value=c2]').click();
  await fill('matchers', 'host="db-1"\nseverity="critical"');
  await expectAccessible(element);
  await press('Save');
  await expect.poll(said).toBe('databases is saved.');
  const { id: _, ...rest } = route;
  expect(sent('PUT')).toEqual({
    path: '/v1/routes/w1',
    ...rest,
    matchers: ['host="db-1"', 'severity="critical"'],
    escalation: [route.escalation[0], { afterMs: 45 * 60_000, channels: ['c2'], onCall: [] }],
  });
});

test('a rotation is made of people and their channels', async () => {
  const { shown, press, fill, sent, said, element } = await open('on-call');
  await press('New rotation');
  await fill('name', 'day');
  await fill('person-0', 'cid');
  part(shown, '[name="channels-0"][value=c1]').click();
  await press('Add');
  await fill('person-1', 'dan');
  await fill('startsOn', '2026-12-07');
  await fill('shiftDays', '1');
  await userEvent.selectOptions(part(shown, '[name=timeZone]'), 'UTC');
  await expectAccessible(element);
  await press('Save');
  await expect.poll(said).toBe('day is saved.');
  expect(sent('POST')).toEqual({
    path: '/v1/rotations',
    name: 'day',
    timeZone: 'UTC',
    startsOn: '2026-12-07',
    handOverAt: '09:00',
    shiftDays: 1,
    people: [
      { name: 'cid', channels: ['c1'] },
      { name: 'dan', channels: [] },
    ],
  });
});

test('somebody takes over for a while, and gives it back', async () => {
  const { shown, text, press, fill, sent, said, asked } = await open('on-call');
  await expect.poll(text).toMatch(/bob in night, .* dentist/u);
  part(shown, 'details summary').click();
  await userEvent.selectOptions(part(shown, '[name=person]'), 'bob');
  await fill('from', '2026-12-01T10:00');
  await fill('to', '2026-12-01T12:30');
  await press('Take over');
  await expect.poll(said).toBe('bob in night is saved.');
  const { from, to, ...rest } = sent('POST');
  expect(rest).toEqual({ path: '/v1/overrides', rotationId: 'r1', person: 'bob', comment: '' });
  expect(Number(to) - Number(from)).toBe(2.5 * hourMs);
  await press('Delete bob in night');
  await expect.poll(() => asked.some((line) => line.startsWith('DELETE /v1/overrides/o1'))).toBe(true);
});

test('a maintenance window comes again on its days, in its time zone', async () => {
  const { shown, press, sent, said, element } = await open('silences');
  const [, window] = [...(shown.shadowRoot?.querySelectorAll('details') ?? [])];
  window?.querySelector('summary')?.click();
  const field = (name: string): HTMLElement => {
    const found = window?.querySelector<HTMLElement>(`[name=${name}]`);
    if (!found) throw new Error(`there is no field ${name}`);
    return found;
  };
  await userEvent.fill(field('matchers'), 'cluster="test"');
  await userEvent.selectOptions(field('timeZone'), 'America/New_York');
  await expectAccessible(element);
  await press('Keep the window');
  await expect.poll(said).toBe('The window is kept.');
  expect(sent('POST')).toEqual({
    path: '/v1/silences',
    matchers: ['cluster="test"'],
    comment: '',
    recurring: { timeZone: 'America/New_York', times: [{ days: ['sun'], from: '22:00', to: '06:00' }] },
  });
});

test('inhibitions are shown with those that are always in force; one is changed, and one is made', async () => {
  const { shown, text, press, fill, sent, said, element } = await open('inhibitions');
  expect(text()).toMatch(
    /uplink while this fires: alertname="Switch down" nobody is told of: severity!="page" .* same rack/u,
  );
  expect(text()).toContain('its host is down always in force');
  await expectAccessible(element);
  await press('Edit uplink');
  await fill('equal', 'rack, site');
  await press('Save');
  await expect.poll(said).toBe('uplink is saved.');
  const changed = { path: '/v1/inhibitions/h1', name: 'uplink', source: ['alertname="Switch down"'] };
  expect(sent('PUT')).toEqual({ ...changed, target: ['severity!="page"'], equal: ['rack', 'site'] });
  await press('New inhibition');
  await fill('name', 'worse');
  await fill('source', 'severity="critical"');
  await fill('target', 'severity="warning"\nservice="shop"');
  part(shown, '[name=series]').click();
  await expectAccessible(element);
  await press('Save');
  await expect.poll(said).toBe('worse is saved.');
  expect(sent('POST')).toMatchObject({ target: ['severity="warning"', 'service="shop"'], equal: 'series' });
});

test('what the collector refuses is said, and what was typed stays', async () => {
  const { shown, press, fill, said, answers } = await open('routes', 'de');
  await press('Neue Route');
  await fill('name', 'falsch');
  answers.delete('/v1/routes');
  await press('Speichern');
  await expect.poll(said).toContain('there is no /v1/routes');
  expect((part(shown, '[name=name]') as HTMLInputElement).value).toBe('falsch');
});

const formOf = {
  channels: 'New channel',
  routes: 'New route',
  'on-call': 'New rotation',
  inhibitions: 'New inhibition',
};

test.each(Object.entries(formOf))('the form of %s is no wider than a small phone', async (tab, button) => {
  await page.viewport(320, 700);
  const { press, shown } = await open(tab);
  await press(button);
  await expect.poll(() => shown.shadowRoot?.querySelector('form')).toBeTruthy();
  expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(320);
  await page.viewport(800, 600);
});
