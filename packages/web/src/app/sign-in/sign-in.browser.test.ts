import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { define, elements } from '../../define.ts';
import { RequestError } from '../../data/rest.ts';
import '../../styles/page.css';
import { createFakeSource } from '../../testing/fake-source.ts';
import { expectAccessible } from '../../testing/mount.ts';
import { SignIn } from './sign-in.ts';

define([...elements, ['tarsier-sign-in', SignIn]]);

let fake: ReturnType<typeof createFakeSource>;
let provider: HTMLElement;
let element: SignIn;
const done = vi.fn();
const refusal = (code: string, status: number, retryAfterS?: number) =>
  new RequestError(status, { code, message: code, retryable: false }, undefined, retryAfterS);

function open(properties: Partial<SignIn> = {}): void {
  const holder = document.createElement('tarsier-provider');
  holder.source = fake.source;
  element = Object.assign(document.createElement('tarsier-sign-in') as SignIn, properties);
  element.addEventListener('tarsier-signed-in', done);
  holder.append(element);
  document.body.append(holder);
  provider = holder;
}
const find = (selector: string): HTMLElement | null | undefined =>
  element.shadowRoot?.querySelector<HTMLElement>(selector);
const text = (): string => element.shadowRoot?.textContent.replaceAll(/\s+/gu, ' ') ?? '';
async function enter(fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) {
    await expect.poll(() => find(`[name=${name}]`)).toBeTruthy();
    await userEvent.fill(find(`[name=${name}]`) ?? document.body, value);
  }
  await userEvent.click(find('button[type=submit]') ?? document.body);
}

beforeEach(() => {
  document.documentElement.lang = 'en';
  done.mockClear();
  fake = createFakeSource();
  fake.answers.set('/v1/sign-in', {
    providers: [{ id: 'work', name: 'Work', href: '/sign-in/oidc/work' }],
  });
  fake.answers.set('/v1/session', refusal('auth/missing', 401));
});
afterEach(() => {
  provider.remove();
  document.documentElement.removeAttribute('theme');
});

test('a password, then a code where there is a second factor; accessible in each theme and on a small phone', async () => {
  open();
  await expect.poll(text).toContain('Sign in with Work');
  expect(find('a.button')?.getAttribute('href')).toBe('/sign-in/oidc/work');
  for (const theme of ['light', 'dark', 'contrast']) {
    provider.setAttribute('theme', theme);
    await new Promise(requestAnimationFrame);
    await expectAccessible(element);
  }
  await page.viewport(320, 700);
  expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(320);
  fake.answers.set('/v1/sign-in', refusal('auth/second-factor', 401));
  await enter({ email: 'ann@acme.example', password: 'correct horse battery' });
  await expect.poll(() => find('[name=code]')).toBeTruthy();
  await expectAccessible(element);
  await page.viewport(800, 600);
  expect(done).not.toHaveBeenCalled();
  fake.answers.set('/v1/sign-in', {});
  fake.answers.set('/v1/session', { tenant: 'acme', scope: 'read', by: 'session' });
  await enter({ code: '123456' });
  await expect.poll(() => done.mock.calls.length).toBe(1);
  expect(fake.asked.findLast((one) => one.startsWith('POST'))).toBe(
    'POST /v1/sign-in {"email":"ann@acme.example","password":"correct horse battery","code":"123456"}',
  );
});

test.each([
  [refusal('auth/password', 401), 'The e-mail address or the password is not right.'],
  [refusal('auth/attempts', 429, 130), 'Too many tries. Come again in 3 minutes.'],
  [refusal('auth/attempts', 429, 50), 'Too many tries. Come again in one minute.'],
])('what was refused is said: %s', async (error, expected) => {
  open();
  await expect.poll(text).toContain('Sign in with Work');
  fake.answers.set('/v1/sign-in', error);
  await enter({ email: 'ann@acme.example', password: 'x' });
  await expect.poll(() => find('[role=alert]')?.textContent).toBe(expected);
});

test('who comes back from an issuer without a session reads why, in German, too', async () => {
  document.documentElement.lang = 'de';
  open({ problem: 'auth/oidc-uninvited' });
  await expect.poll(() => find('[role=alert]')?.textContent).toContain('Niemand hat diese Adresse eingeladen');
  expect(text()).toContain('Anmelden mit Work');
});

test('an invitation is accepted with a name and a password', async () => {
  open({ invitation: 'tsr_invite_x' });
  fake.answers.set('/v1/invitations/accept', {});
  await expect.poll(text).toContain('Accept the invitation');
  await expectAccessible(element);
  fake.answers.set('/v1/session', { tenant: 'acme', scope: 'read', by: 'session' });
  await enter({ name: 'Ann', password: 'correct horse battery' });
  await expect.poll(() => done.mock.calls.length).toBe(1);
  expect(fake.asked).toContain(
    'POST /v1/invitations/accept {"token":"tsr_invite_x","name":"Ann","password":"correct horse battery"}',
  );
});

test('who lacks the second factor that the tenant wants sets it up, and keeps the recovery codes, before going on', async () => {
  fake.answers.set('/v1/session', { tenant: 'acme', scope: 'none', by: 'session' });
  fake.answers.set('/v1/account', { hasPassword: true });
  fake.answers.set('/v1/account/totp', { secret: 'ABCDEFGHABCDEFGH', uri: 'otpauth://totp/x' });
  fake.answers.set('/v1/account/totp/confirm', { recoveryCodes: ['aaaa-bbbb-cccc-dddd'] });
  open();
  const setup = (): ShadowRoot | null | undefined => find('tarsier-second-factor-setup')?.shadowRoot;
  const press = async (fields: Readonly<Record<string, string>>, button: string): Promise<void> => {
    for (const [name, value] of Object.entries(fields)) {
      await expect.poll(() => setup()?.querySelector(`[name=${name}]`)).toBeTruthy();
      await userEvent.fill(setup()?.querySelector(`[name=${name}]`) ?? document.body, value);
    }
    await userEvent.click(setup()?.querySelector(button) ?? document.body);
  };
  await press({ password: 'correct horse battery' }, 'button[type=submit]');
  await expect.poll(() => setup()?.querySelector('pre')?.textContent).toBe('ABCD EFGH ABCD EFGH');
  await expectAccessible(element);
  await press({ code: '123456' }, 'button[type=submit]');
  await expect.poll(() => setup()?.querySelector('pre')?.textContent).toBe('aaaa-bbbb-cccc-dddd');
  await press({}, 'button');
  await expect.poll(() => done.mock.calls.length).toBe(1);
});
