/** The first days of an installation, in a browser: the link of the first start, a password, a second factor, a colleague. */
import jsQr from 'jsqr';
import { chromium, type Browser, type Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { totpCode, totpStep } from '../../packages/collector/src/tenancy/totp.ts';
import { webRoot } from '../../scripts/web.ts';
import { chromiumFlags, chromiumPath } from '../support/chromium.ts';
import { freePort, killAll, temporaryFolder } from '../support/processes.ts';
import { createApi, createKey, startCollector, type RunningCollector } from '../support/tarsier.ts';

const folder = await temporaryFolder();
const data = `${folder.path}/data`;
let browser: Browser;
let collector: RunningCollector;
const patience = 60_000;
/** Where pictures of what people see go; absent: nowhere. */
const pictures = process.env['TARSIER_PICTURES'];

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: await chromiumPath(), args: [...chromiumFlags] });
  collector = await startCollector(data, await freePort(), { TARSIER_WEB_ROOT: webRoot });
}, 240_000);
afterAll(async () => {
  await browser.close();
  killAll();
  await folder.remove();
});

const ann = { email: 'ann@shop.example', password: 'a password that is long enough' };

async function open(): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-US' });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  return page;
}

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  for (const [size, viewport] of [
    ['desktop', { width: 1280, height: 800 }],
    ['phone', { width: 390, height: 844 }],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${pictures}/${name}-${size}-${colorScheme}.png` });
    }
  }
}

/** Invites somebody. @returns the link that is handed over */
async function invite(page: Page, email: string, role: string): Promise<string> {
  await page.goto(`${collector.url}#/settings/users`);
  const users = page.locator('tarsier-settings-users');
  await users.locator('input[name=email]').fill(email);
  await users.locator('select[name=role]').selectOption(role);
  await users.getByRole('button', { name: 'Invite' }).click();
  return (await users.locator('pre').textContent()) ?? '';
}

async function join(page: Page, link: string, name: string, password: string): Promise<void> {
  await page.goto(link);
  const form = page.locator('tarsier-sign-in');
  await form.locator('input[name=name]').fill(name);
  await form.locator('input[name=password]').fill(password);
  await form.getByRole('button', { name: 'Join' }).click();
  await page.locator('tarsier-overview-page').waitFor();
}

/** What a phone makes of the code on the screen. */
async function scan(page: Page): Promise<string> {
  const { path, box } = await page.locator('tarsier-second-factor-setup svg[role=img]').evaluate((svg) => ({
    path: svg.querySelector('path')?.getAttribute('d') ?? '',
    box: svg.getAttribute('viewBox') ?? '',
  }));
  const [from = 0, , modules = 0] = box.split(' ').map(Number);
  const scale = 4;
  const size = modules * scale;
  const pixels = new Uint8ClampedArray(size * size * 4).fill(255);
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h1v1h-1z/gu)) {
    for (let dy = 0; dy < scale; dy++) {
      const at = 4 * (((Number(y) - from) * scale + dy) * size + (Number(x) - from) * scale);
      for (let dx = 0; dx < scale; dx++) pixels.fill(0, at + 4 * dx, at + 4 * dx + 3);
    }
  }
  const read = ('default' in jsQr ? jsQr.default : jsQr) as (
    pixels: Uint8ClampedArray,
    width: number,
    height: number,
  ) => { readonly data: string } | null;
  return read(pixels, size, size)?.data ?? '';
}

test('from the link of the first start to a colleague who is signed in, with a second factor on the way', async () => {
  const first = await open();
  await first.goto(collector.signIn);
  await first.locator('tarsier-overview-page').waitFor();
  // A password of one's own: by an invitation to oneself, as the help of the sign-in says.
  await join(first, await invite(first, ann.email, 'owner'), 'Ann', ann.password);

  await first.goto(`${collector.url}#/settings/account`);
  const account = first.locator('tarsier-settings-account');
  await account.getByText(`${ann.email}, tenant default`).waitFor();
  await account.getByRole('button', { name: 'Set up a second factor' }).click();
  const setUp = account.locator('tarsier-second-factor-setup');
  await setUp.locator('input[name=password]').fill(ann.password);
  await setUp.getByRole('button', { name: 'Set up a second factor' }).click();
  await setUp.locator('svg[role=img]').waitFor();
  await picture(first, 'second-factor');
  const uri = new URL(await scan(first));
  expect(uri.pathname).toContain(encodeURIComponent(ann.email));
  const secret = uri.searchParams.get('secret') ?? '';
  await setUp.locator('input[name=code]').fill(totpCode(secret, totpStep(Date.now())));
  await setUp.getByRole('button', { name: 'Confirm' }).click();
  await setUp.getByRole('button', { name: 'I have' }).click();
  await account.getByText('Signing in takes a code.').waitFor();
  await picture(first, 'settings-account');

  await account.getByRole('button', { name: 'Sign out' }).click();
  const form = first.locator('tarsier-sign-in');
  await form.locator('input[name=email]').fill(ann.email);
  await picture(first, 'sign-in');
  await form.locator('input[name=password]').fill(ann.password);
  await form.getByRole('button', { name: 'Sign in' }).click();
  // No code counts twice: that of the next half minute does by now.
  await form.locator('input[name=code]').fill(totpCode(secret, totpStep(Date.now()) + 1));
  await form.getByRole('button', { name: 'Sign in' }).click();
  await form.waitFor({ state: 'detached' });

  const link = await invite(first, 'bob@shop.example', 'viewer');
  await picture(first, 'settings-users');
  const second = await open();
  await join(second, link, 'Bob', 'another password that is long enough');
  // Who may read alone sees no keys to make.
  await second.goto(`${collector.url}#/settings/account`);
  await second.locator('tarsier-settings-account').getByText('bob@shop.example, tenant default').waitFor();

  const api = createApi(collector.url, await createKey(data, 'admin'));
  const { entries } = (await api.get('/v1/audit?limit=1000')) as {
    entries: { action: string; actor: { name: string }; after: { factor?: string } }[];
  };
  const signIns = entries.flatMap(({ action, actor, after }) =>
    after?.factor === undefined ? [] : `${action} ${actor.name} ${after.factor}`,
  );
  expect(signIns.toReversed()).toEqual([
    'GET /sign-in local link',
    `POST /v1/invitations/accept ${ann.email} password`,
    `POST /v1/sign-in ${ann.email} totp`,
    'POST /v1/invitations/accept bob@shop.example password',
  ]);
});
