import type { Channel, OnCallResponse, Silence } from '@tarsier/protocol/api';
import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { parseRoute } from '../../app/route.ts';
import { define } from '../../define.ts';
import { testIncident } from '../../testing/incidents.ts';
import '../../styles/page.css';
import { expectAccessible, mount, part } from '../../testing/mount.ts';
import { AlertsPage } from './alerts.ts';

define([['tarsier-alerts-page', AlertsPage]]);

let end = (): void => undefined;
afterEach(() => end());

const now = Date.now();
const hourMs = 3_600_000;

const silences: readonly Silence[] = [
  { id: 's1', matchers: ['host="db-1"'], comment: 'new disk', createdBy: 'ann', endsAt: now + hourMs },
  {
    id: 's2',
    matchers: ['cluster="test"'],
    comment: '',
    createdBy: '',
    recurring: { timeZone: 'Europe/Berlin', times: [{ days: ['sun'], from: '22:00', to: '06:00' }] },
  },
  { id: 's4', matchers: ['host="far"'], comment: '', createdBy: 'bob', endsAt: now + hourMs, from: 'central' },
  { id: 's3', matchers: ['host="old"'], comment: '', createdBy: '', endsAt: now - hourMs },
];
const onCall: OnCallResponse = {
  at: now,
  rotations: [
    {
      id: 'r1',
      name: 'ops',
      now: { person: 'ann', channels: ['c1'], from: now - hourMs, to: now + hourMs, override: 'o1' },
      next: { person: 'bob', channels: [], from: now + hourMs, to: now + 25 * hourMs },
    },
    { id: 'r2', name: 'night', now: null, next: null },
  ],
};
const channel: Channel = {
  kind: 'slack',
  id: 'c1',
  name: 'ops-chat',
  url: 'https://hooks.example/…',
  rateLimit: { count: 60, perMs: hourMs },
  picture: true,
  template: { title: '{{ alert }}!' },
};

const summary: object = {
  changes: 40,
  told: 3,
  noiseReduction: 0.925,
  reasons: [
    { reason: 'grouped', told: false, count: 30 },
    { reason: 'nobody-on-call', told: false, count: 7 },
    { reason: 'first', told: true, count: 3 },
  ],
};

async function open(hash: string, noise = summary) {
  const mounted = mount('tarsier-alerts-page');
  end = mounted.end;
  mounted.answers.set('/v1/incidents?status=open', { incidents: [testIncident('i1', now)] });
  mounted.answers.set('/v1/notifications/summary', noise);
  mounted.answers.set('/v1/silences', { silences });
  mounted.answers.set('/v1/inhibitions', { inhibitions: [] });
  mounted.answers.set('/v1/on-call', onCall);
  mounted.answers.set('/v1/channels', { channels: [channel] });
  mounted.answers.set('/v1/routes', { routes: [] });
  mounted.answers.set('/v1/rotations', { rotations: [] });
  mounted.answers.set('/v1/overrides', { overrides: [] });
  mounted.element.route = parseRoute(hash);
  await mounted.element.updateComplete;
  return mounted;
}

/** The part of the page below its tabs. */
async function shown(element: Element, tag: string): Promise<HTMLElement> {
  await expect.poll(() => part(element, tag).shadowRoot?.querySelector('.card')).toBeTruthy();
  return part(element, tag);
}
const text = (element: Element): string => (element.shadowRoot?.textContent ?? '').replaceAll(/\s+/gu, ' ').trim();
const said = (element: Element): string => part(element, '[role=status]').textContent.trim();

test('incidents come with how much noise was spared and why the rest was not told', async () => {
  const { element } = await open('#/alerts');
  const noise = await shown(element, 'tarsier-alert-noise');
  expect(text(noise)).toContain('93% of the noise was spared in the last week: 3 of 40 beginnings and ends');
  part(noise, 'summary').click();
  expect(text(noise)).toMatch(/told together with another 30 nobody was on call 7/u);
  const list = await shown(element, 'tarsier-alert-list');
  expect(part(list, '.name').getAttribute('href')).toBe('#/alerts/i1');
  await expectAccessible(element);
});

test('without a channel nobody was spared anything, and it says what to do', async () => {
  const reasons = [{ reason: 'no-channel', told: false, count: 6 }];
  const { element } = await open('#/alerts', { changes: 6, told: 0, noiseReduction: 0, reasons });
  const noise = await shown(element, 'tarsier-alert-noise');
  expect(text(noise)).toMatch(/^Nobody was told of 6 beginnings and ends in the last week: make a channel/u);
});

test('silences that are in force are listed and ended, and new ones made', async () => {
  const { element, asked, answers } = await open('#/alerts/silences');
  const list = await shown(element, 'tarsier-alert-silences');
  expect(text(list)).toMatch(
    /host="db-1" until .* new disk, by ann End cluster="test" Sun 22:00–06:00, Europe\/Berlin End host="far" until .* by bob of the Alertmanager “central”: it is changed and ended there/u,
  );
  expect(text(list)).not.toContain('host="old"');
  await expectAccessible(element);
  part(list, 'summary').click();
  answers.set('/v1/silences/s1', undefined);
  part(list, '.branch button').click();
  await expect.poll(() => said(list)).toBe('The silence is over.');
  expect(asked).toContain('DELETE /v1/silences/s1 undefined');
  await userEvent.type(part(list, 'textarea'), 'host="a"\nalertname=~"Disk.*"');
  await userEvent.fill(part(list, '[name=hours]'), '0.5');
  await userEvent.click(part(list, 'form button'));
  await expect.poll(() => said(list)).toBe('Silenced.');
  const posted = asked.find((path) => path.startsWith('POST /v1/silences')) ?? '';
  const body: unknown = JSON.parse(posted.slice('POST /v1/silences '.length));
  expect(body).toMatchObject({ matchers: ['host="a"', 'alertname=~"Disk.*"'], comment: '' });
  const endsAt = Number(/"endsAt":(\d+)/u.exec(posted)?.[1]);
  expect(Math.abs(endsAt - Date.now() - hourMs / 2)).toBeLessThan(60_000);
});

test('who is on call is shown, who comes next, and that somebody takes over', async () => {
  const { element } = await open('#/alerts/on-call');
  const list = await shown(element, 'tarsier-alert-on-call');
  expect(text(list)).toMatch(/ops ann, until .* \(takes over\) bob, from .* night nobody nobody/u);
  await expectAccessible(element);
});

test('a channel is tested and previewed from the page', async () => {
  const { element, asked, answers } = await open('#/alerts/channels');
  const list = await shown(element, 'tarsier-alert-channels');
  const [tried, preview] = [...(list.shadowRoot?.querySelectorAll<HTMLElement>('tbody button') ?? [])];
  answers.set('/v1/channels/c1/test', { delivered: false, error: 'https://hooks.example answered 404' });
  tried?.click();
  await expect.poll(() => said(list)).toBe('ops-chat did not take it: https://hooks.example answered 404');
  answers.set('/v1/channels/c1/test', { delivered: true });
  tried?.click();
  await expect.poll(() => said(list)).toBe('ops-chat has taken the test.');
  answers.set('/v1/channels/preview', { title: 'Load!', text: '<b>load</b> was 9' });
  preview?.click();
  await expect.poll(() => text(list)).toContain('Load! <b>load</b> was 9');
  expect(asked.find((path) => path.startsWith('POST /v1/channels/preview'))).toContain('{{ alert }}!');
  await expectAccessible(element);
});

test('one incident fills the page, with the range of its link', async () => {
  const { element } = await open('#/alerts/i1?range=2026-11-30T03:00:00.000Z/2026-11-30T04:00:00.000Z');
  const incident = part(element, 'tarsier-incident') as HTMLElementTagNameMap['tarsier-incident'];
  expect([incident.incident, incident.range]).toEqual(['i1', '2026-11-30T03:00:00.000Z/2026-11-30T04:00:00.000Z']);
  expect(part(element, '.crumbs a').getAttribute('href')).toBe('#/alerts');
});

test.each(['', '/silences', '/inhibitions', '/on-call', '/routes', '/channels'])(
  '#/alerts%s is no wider than a small phone',
  async (part) => {
    await page.viewport(320, 700);
    const { element } = await open(`#/alerts${part}`);
    await expect.poll(() => element.shadowRoot?.lastElementChild?.shadowRoot?.querySelector('.card')).toBeTruthy();
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(320);
    await page.viewport(800, 600);
  },
);
