/** What somebody who looks at the page does and sees, in a browser, on a real collector and a real agent. */
import { mkdir } from 'node:fs/promises';
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { webRoot } from '../../scripts/web.ts';
import { startProxy, type Proxy } from '../faults/chaos/proxy.ts';
import { chromiumFlags, chromiumPath } from '../support/chromium.ts';
import { dayOfTokens } from '../support/llm-day.ts';
import { axeViolations, focusFaults, widthFaults } from '../support/page-checks.ts';
import { eventually, freePort, killAll, run, temporaryFolder } from '../support/processes.ts';
import { createApi, createKey, startCollector, type Api, type RunningCollector } from '../support/tarsier.ts';

const folder = await temporaryFolder();
const data = `${folder.path}/data`;
const agentMain = 'packages/agent/src/main.ts';
const patience = 60_000;
const host = 'desk-1';
const cpu = `cpu_busy_ratio{cpu="all",host="${host}"}`;
/** A pause of an agent is shorter. */
const holeMs = 13_000;

let browser: Browser;
let context: BrowserContext;
let page: Page;
let collector: RunningCollector;
let proxy: Proxy;
let api: Api;

beforeAll(async () => {
  [browser, collector] = await Promise.all([
    chromium.launch({ executablePath: await chromiumPath(), args: [...chromiumFlags] }),
    startCollector(data, await freePort(), { TARSIER_WEB_ROOT: webRoot }),
  ]);
  // Between browser and collector: what cuts the network.
  proxy = await startProxy(new URL(collector.url));
  api = createApi(collector.url, await createKey(data, 'admin'));
  context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(patience);
  page = await context.newPage();
}, 240_000);
afterAll(async () => {
  await browser?.close();
  proxy?.close();
  killAll();
  await folder.remove();
});

test('who comes to an empty collector copies a command, and sees the first chart of the host that ran it', async () => {
  const opened = Date.now();
  const { pathname, search, hash } = new URL(collector.signIn);
  await page.goto(`${proxy.url}${pathname}${search}${hash}`);
  const onboarding = page.locator('tarsier-onboarding');
  await onboarding.getByText('--token').waitFor();
  const command = (await onboarding.locator('code').first().textContent()) ?? '';
  const [, url = '', token = ''] =
    /^tarsier-agent enrol --url (\S+) --token (\S+)\ntarsier-agent run$/u.exec(command) ?? [];
  expect(url).toBe(proxy.url);

  const state = `${folder.path}/agent`;
  await mkdir(state);
  const environment = { TARSIER_STATE: state, XDG_CONFIG_HOME: folder.path };
  const enrolling = run(agentMain, ['enrol', '--url', collector.url, '--token', token, '--host', host], environment);
  expect([await enrolling.exited, enrolling.stderr]).toEqual([0, []]);
  run(agentMain, ['run'], environment);
  await page.locator('tarsier-chart canvas').first().waitFor();
  await expect.poll(() => newestOf(page.locator('tarsier-chart').first()), { timeout: patience }).toBeGreaterThan(0);
  process.stdout.write(`first chart ${((Date.now() - opened) / 1000).toFixed(1)} s after the empty page was opened\n`);
});

interface Drawn {
  readonly times: Float64Array;
  readonly lines: readonly { readonly values: Float64Array }[];
}

/** What a chart holds of its first line: [Unix ms, value]. */
function samplesOf(chart: Locator): Promise<readonly (readonly [number, number])[]> {
  return chart.evaluate((element: Element & { readonly view?: Drawn }) => {
    const { times = [], lines: [line] = [] } = element.view ?? {};
    return [...times].flatMap((time, i): [number, number][] => {
      const value = line?.values[i] ?? NaN;
      return Number.isNaN(value) ? [] : [[time, value]];
    });
  });
}

async function newestOf(chart: Locator): Promise<number> {
  return (await samplesOf(chart)).at(-1)?.[0] ?? 0;
}

test('what a cut of the network kept away is there afterwards, each sample once; the page says that it is offline', async () => {
  const chart = page.locator('tarsier-chart').first();
  const connection = page.locator('tarsier-connection');
  const cutAt = await newestOf(chart);
  await context.setOffline(true);
  proxy.cut(false);
  await connection.getByText('Offline').waitFor();
  // Longer than an agent's own pause, so that it is a hole that has to be filled.
  await eventually(async () => ((await newestStored()) > cutAt + holeMs ? true : undefined));
  expect(await newestOf(chart)).toBeLessThan(cutAt + 2_000);
  proxy.heal();
  await context.setOffline(false);
  const healed = Date.now();
  await connection.getByText('Live').waitFor();
  await expect.poll(() => newestOf(chart), { timeout: patience }).toBeGreaterThan(cutAt + holeMs);
  process.stdout.write(`caught up ${Date.now() - healed} ms after the network was back\n`);
  const held = (await samplesOf(chart)).filter(([time]) => time > cutAt - 5_000);
  const [from = 0, to = 0] = [held[0]?.[0], held.at(-1)?.[0]];
  const [stored] = await api.samples(cpu, from, to);
  expect(held.map(([time]) => time)).toEqual(stored?.points.map(([time]) => time));
  expect(held.map(([, value]) => value)).toEqual(stored?.points.map(([, value]) => value));
});

async function newestStored(): Promise<number> {
  const [series] = await api.samples(cpu, Date.now() - patience, Date.now());
  return series?.points.at(-1)?.[0] ?? 0;
}

test('without what it loads on demand a chart is drawn, live, moved with its neighbours, and resumes', async () => {
  const bare = await context.newPage();
  let aborted = 0;
  await bare.route(/\/extras-/u, (route) => {
    aborted++;
    return route.abort();
  });
  await bare.goto(`${proxy.url}/#/?range=1m`);
  await bare.locator('tarsier-chart canvas').first().waitFor();
  await bare.evaluate((selector) => {
    const overview = document.querySelector('tarsier-app')?.shadowRoot?.querySelector('main');
    for (const id of ['one', 'two']) {
      const chart = document.createElement('tarsier-chart');
      chart.id = id;
      chart.setAttribute('selector', selector);
      overview?.prepend(chart);
    }
  }, cpu);
  const [one, two] = [bare.locator('#one'), bare.locator('#two')];
  await Promise.all([one.locator('canvas').waitFor(), two.locator('canvas').waitFor()]);
  const begun = await newestOf(one);
  await expect.poll(() => newestOf(one), { timeout: patience }).toBeGreaterThan(begun);
  // Where it is zoomed and panned there are samples.
  const lasts = async (): Promise<number> => (await newestOf(one)) - ((await samplesOf(one))[0]?.[0] ?? Infinity);
  await expect.poll(lasts, { timeout: 2 * patience }).toBeGreaterThan(50_000);

  const over = one.locator('.u-over');
  const { x, y, width, height } = (await over.boundingBox()) ?? expect.unreachable();
  const at = (share: number): [number, number] => [x + share * width, y + height / 2];
  await bare.mouse.move(...at(0.5));
  const cursor = (): Promise<string> =>
    two.locator('.u-cursor-x').evaluate((line) => (line as HTMLElement).style.transform);
  await expect.poll(cursor, { timeout: patience }).toMatch(/translate\((?!-)/u);

  const whole = await spanOf(one);
  await bare.mouse.down();
  await bare.mouse.move(...at(0.9), { steps: 8 });
  await bare.mouse.up();
  await expect.poll(() => spanOf(one), { timeout: patience }).toBeLessThan(whole / 2);
  await expect.poll(() => spanOf(two), { timeout: patience }).toBe(await spanOf(one));
  const from = await startOf(one);
  await bare.keyboard.down('Shift');
  await bare.mouse.down();
  await bare.mouse.move(...at(0.95), { steps: 8 });
  await bare.mouse.up();
  await bare.keyboard.up('Shift');
  await expect.poll(() => startOf(one), { timeout: patience }).toBeLessThan(from);
  // One step back each.
  await bare.mouse.dblclick(...at(0.5));
  await expect.poll(() => startOf(one), { timeout: patience }).toBe(from);
  await bare.mouse.dblclick(...at(0.5));
  await bare.mouse.move(0, 0);
  await expect.poll(() => spanOf(one), { timeout: patience }).toBe(whole);

  proxy.cut(false);
  const cutAt = await newestOf(one);
  await eventually(async () => ((await newestStored()) > cutAt + 3_000 ? true : undefined));
  proxy.heal();
  await expect.poll(() => newestOf(one), { timeout: patience }).toBeGreaterThan(cutAt + 3_000);
  expect(aborted).toBeGreaterThan(0);
  await bare.close();
});

interface Window {
  readonly from: number;
  readonly to: number;
}

function startOf(chart: Locator): Promise<number> {
  return chart.evaluate((element: Element & { readonly view?: Window }) => element.view?.from ?? NaN);
}

function spanOf(chart: Locator): Promise<number> {
  return chart.evaluate((element: Element & { readonly view?: Window }) =>
    element.view === undefined ? NaN : element.view.to - element.view.from,
  );
}

test('a cost job is priced, submitted and followed to its end, and what it found stands on the cost page', async () => {
  await api.importText('app-1', dayOfTokens());
  await api.put('/v1/prices', { models: [{ model: 'large', input: '3', output: '15', cachedInput: '0.3' }] });
  await page.goto(`${proxy.url}/#/jobs`);
  const form = page.locator('tarsier-job-form');
  await form.locator('summary').click();
  await form.locator('select').selectOption('cost_optimization');
  await form.locator('textarea').fill('{ "days": 1 }');
  await form.getByRole('button', { name: 'What would it cost?' }).click();
  await form.getByText('$').first().waitFor();
  await form.getByRole('button', { name: 'Submit' }).click();
  const row = page.locator('tarsier-jobs').getByRole('link', { name: /cost/u }).first();
  await row.click();
  const details = page.locator('tarsier-job-details');
  await details
    .getByRole('status')
    .getByText('Done')
    .waitFor({ timeout: 2 * patience });
  expect(await axeViolations(page)).toEqual([]);
  await page.goto(`${proxy.url}/#/cost`);
  await page.locator('tarsier-cost').getByText('plain with large').first().waitFor();
});

test.each([
  { name: 'a phone', viewport: { width: 390, height: 844 }, theme: 'light' },
  { name: 'a desk in the dark', viewport: { width: 1280, height: 900 }, theme: 'dark' },
  { name: 'a desk in high contrast', viewport: { width: 1280, height: 900 }, theme: 'contrast' },
] as const)(
  'on $name, the head is there before any code, as it stays: nothing flashes or jumps',
  async ({ viewport, theme }) => {
    const opened = await context.newPage();
    await opened.setViewportSize(viewport);
    await opened.addInitScript(`localStorage.setItem('tarsier-preferences', '{"theme":"${theme}"}')`);
    const asked = Promise.withResolvers<void>();
    await opened.route(/\/assets\/index-\S+\.js$/u, async (route) => {
      await asked.promise;
      await route.continue();
    });
    await opened.goto(proxy.url, { waitUntil: 'commit' });
    const before = await headOf(opened);
    expect(before.parts).toHaveLength(3);
    asked.resolve();
    await opened.locator('main h1').first().waitFor();
    expect(await headOf(opened)).toEqual(before);
    await opened.close();
  },
);

/** Where the parts of the page's head are, to the pixel, and its colours. */
async function headOf(of: Page) {
  const head = of.locator('header').first();
  await head.waitFor();
  // What is parsed may have no styles yet; what is painted has.
  const painted = (): Promise<number> => of.evaluate(() => performance.getEntriesByName('first-paint').length);
  await expect.poll(painted, { timeout: patience }).toBe(1);
  return head.evaluate((header) => {
    const name = header.querySelector('svg + span');
    const parts = [header, header.querySelector('svg'), name].flatMap((part) => {
      if (part === null) return [];
      const { x, y, width, height } = part.getBoundingClientRect();
      return [{ place: [x, y, width, height].map(Math.round), colour: getComputedStyle(part).color }];
    });
    const { backgroundColor, borderBottomColor } = getComputedStyle(header);
    return { parts, backgroundColor, borderBottomColor, page: getComputedStyle(document.body).backgroundColor };
  });
}

test('a document without that head shows the page all the same', async () => {
  const opened = await context.newPage();
  await opened.route(`${proxy.url}/`, async (route) => {
    const document = await (await route.fetch()).text();
    const body = document.replace(/<header[^]*<\/header>/u, '');
    expect(body).not.toBe(document);
    await route.fulfill({ contentType: 'text/html', body });
  });
  await opened.goto(proxy.url);
  await opened.locator('tarsier-app').waitFor();
  await opened.close();
});

const main = ['', `hosts/${host}`, 'explore?query=cpu_busy_ratio', 'alerts', 'jobs'];
const others = ['hosts', 'anomalies', 'models', 'cost', 'dashboards', 'rules', 'embed', 'settings', 'settings/users'];
const screens = [
  { name: 'a phone', viewport: { width: 390, height: 844 }, theme: 'light', pages: [...main, ...others] },
  { name: 'a desk in the dark', viewport: { width: 1280, height: 900 }, theme: 'dark', pages: [...main, ...others] },
  {
    name: 'the narrowest screen in high contrast',
    viewport: { width: 320, height: 640 },
    theme: 'contrast',
    pages: main,
  },
] as const;

test.each(screens)(
  'on $name, each page fits, is accessible, and the Tab key reads it in order',
  async ({ viewport, theme, pages }) => {
    const seen = await context.newPage();
    await seen.setViewportSize(viewport);
    await seen.emulateMedia({ reducedMotion: 'reduce' });
    await seen.addInitScript(`localStorage.setItem('tarsier-preferences', '{"theme":"${theme}"}')`);
    const faults: Record<string, readonly string[]> = {};
    for (const hash of pages) {
      await seen.goto(`${proxy.url}/#/${hash}`);
      await seen.locator('main h1').first().waitFor();
      await seen.waitForLoadState('networkidle');
      const found = [...(await widthFaults(seen)), ...(await axeViolations(seen)), ...(await focusFaults(seen))];
      if (found.length > 0) faults[hash] = found;
    }
    expect(faults).toEqual({});
    await seen.close();
  },
);
