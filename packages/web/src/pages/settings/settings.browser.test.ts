import { afterEach, beforeEach, expect, test } from 'vitest';
import { userEvent } from 'vitest/browser';
import { define, elements } from '../../define.ts';
import '../../styles/page.css';
import { parseRoute } from '../../app/route.ts';
import { createFakeSource } from '../../testing/fake-source.ts';
import { expectAccessible } from '../../testing/mount.ts';
import { settingsAnswers } from '../../testing/settings-answers.ts';
import { SettingsPage } from './settings.ts';

define([...elements, ['tarsier-settings-page', SettingsPage]]);

let fake: ReturnType<typeof createFakeSource>;
let provider: HTMLElement;
let settings: SettingsPage;

beforeEach(() => {
  document.documentElement.lang = 'en';
  fake = createFakeSource();
  for (const [path, answer] of Object.entries(settingsAnswers)) fake.answers.set(path, answer);
});
afterEach(() => provider.remove());

function open(section: string): void {
  const holder = document.createElement('tarsier-provider');
  holder.source = fake.source;
  settings = document.createElement('tarsier-settings-page');
  settings.route = parseRoute(`#/settings/${section}`);
  holder.append(settings);
  document.body.append(holder);
  provider = holder;
}
const part = (section: string): ShadowRoot | null | undefined =>
  settings.shadowRoot?.querySelector(`tarsier-settings-${section}`)?.shadowRoot;
/** A part is loaded by the first test that shows it. */
const slow = { timeout: 20_000 };
const shown = (section: string) =>
  expect.poll(() => {
    const root = part(section);
    // The limits are an element of their own.
    const within = root?.querySelector('tarsier-usage')?.shadowRoot?.textContent ?? '';
    return `${root?.textContent ?? ''}${within}`.replaceAll(/\s+/gu, ' ');
  }, slow);
async function press(section: string, label: string): Promise<void> {
  const find = (): Element | undefined =>
    [...(part(section)?.querySelectorAll('button') ?? [])].find(
      (one) => one.getAttribute('aria-label') === label || one.textContent.trim() === label,
    );
  await expect.poll(find).toBeTruthy();
  await userEvent.click(find() ?? document.body);
}
async function enter(section: string, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) {
    const find = (): Element | null | undefined => part(section)?.querySelector(`[name=${name}]`);
    await expect.poll(find).toBeTruthy();
    const field = find();
    if (field instanceof HTMLSelectElement) await userEvent.selectOptions(field, value);
    else await userEvent.fill(field ?? document.body, value);
  }
}

test.each([
  ['users', 'bob@acme.example'],
  ['keys', 'tsr_…abcd'],
  ['limits', 'requests per second'],
  ['origins', 'https://status.example.com'],
  ['audit', 'PUT /v1/cors-origins'],
  ['tenants', 'Tier free (1 tenant)'],
  ['account', 'Chrome, Linux'],
])('%s is shown once it was loaded, and is accessible', async (section, text) => {
  open(section);
  await shown(section).toContain(text);
  await expectAccessible(settings);
});

test('a key is made with rights and an end, and shown once', async () => {
  open('keys');
  await enter('keys', { name: 'ci', scope: 'write', days: '30' });
  await press('keys', 'Make a key');
  await shown('keys').toContain('tsr_secret');
  expect(fake.asked).toContain('POST /v1/keys {"name":"ci","scope":"write","expiresInMs":2592000000}');
  await expectAccessible(settings);
  await press('keys', 'I have it');
  await shown('keys').not.toContain('tsr_secret');
  await press('keys', 'Rotate the key ci');
  await shown('keys').toContain('The former key goes on for a day');
  await press('keys', 'Revoke the key ci');
  await shown('keys').toContain('it ends within ten seconds');
});

test('who is invited gets a link, in which the token comes after #', async () => {
  open('users');
  await enter('users', { email: 'eve@acme.example', role: 'editor' });
  await press('users', 'Invite');
  await shown('users').toContain(`${location.origin}/#/join/tsr_invite_x`);
  expect(fake.asked).toContain('POST /v1/invitations {"email":"eve@acme.example","role":"editor"}');
});

test('an operator makes a tenant with a link for its owner, and lets a suspended one in again', async () => {
  open('tenants');
  await enter('tenants', { name: 'globex', tier: 'free', email: 'gil@globex.example' });
  await press('tenants', 'Make a tenant');
  await shown('tenants').toContain('/#/join/tsr_invite_y');
  expect(fake.asked).toContain('POST /v1/tenants {"name":"globex","tier":"free"}');
  await press('tenants', 'Let in again: acme');
  await expect.poll(() => fake.asked).toContain('PUT /v1/tenants/2 {"tier":"free","suspended":false}');
});

test('a session elsewhere is ended; a second factor of all is wanted', async () => {
  open('account');
  await shown('account').toContain('9 recovery codes are left');
  const label = [...(part('account')?.querySelectorAll('button') ?? [])]
    .map((one) => one.getAttribute('aria-label') ?? '')
    .find((one) => one.startsWith('End the session of curl/8'));
  await press('account', label ?? '');
  await expect.poll(() => fake.asked).toContain('DELETE /v1/sessions/s2 undefined');
  await press('account', 'Want one of all');
  await expect.poll(() => fake.asked).toContain('PUT /v1/sign-in-policy {"requireTotp":true}');
});

test('who may only read sees no users, keys, audit log or tenants', async () => {
  fake.answers.set('/v1/session', { tenant: 'acme', scope: 'read', by: 'session' });
  open('tenants');
  await expect.poll(() => settings.shadowRoot?.textContent).toContain('it is not for you');
  const links = [...(settings.shadowRoot?.querySelectorAll('nav a') ?? [])].map((link) => link.textContent.trim());
  expect(links).toEqual(['Display', 'Account', 'Limits']);
});

test('the audit log is filtered, and turned over', async () => {
  open('audit');
  await enter('audit', { actor: 'ann@acme.example' });
  await press('audit', 'Show');
  await expect.poll(() => fake.asked.at(-1)).toBe('/v1/audit?actor=ann%40acme.example&limit=50');
  await press('audit', 'Older');
  await expect.poll(() => fake.asked.at(-1)).toContain('cursor=more');
  await press('audit', 'Newer');
  await expect.poll(() => fake.asked.at(-1)).not.toContain('cursor');
});
