import { mkdir } from 'node:fs/promises';
import { chromium, type Browser, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { testTuning } from '../../packages/web/src/testing/results.ts';
import { webRoot } from '../../scripts/web.ts';
import { chromiumFlags, chromiumPath } from '../support/chromium.ts';
import { freePort, killAll, temporaryFolder } from '../support/processes.ts';
import { createApi, createKey, startAgent, startCollector, type RunningCollector } from '../support/tarsier.ts';
import { buildPage, startSite, type Site } from './embed/site.ts';

const folder = await temporaryFolder();
const built = `${folder.path}/site`;
let collector: RunningCollector;
let site: Site;
let browser: Browser;
const minted: string[] = [];

/** Other sites' pages, each with what it is to show. */
const pages = (url: string): Record<string, string> => ({
  '/': `<script type="module" src="${url}/embed/tarsier.js"></script>
    <tarsier-provider id="cpu" src="${url}" token-url="/token?tenant=default&selector=cpu_busy_ratio" range="5m">
      <tarsier-chart label="CPU" selector='cpu_busy_ratio{cpu="all"}'></tarsier-chart>
      <tarsier-chart id="hidden" label="Memory" selector="memory_used_ratio"></tarsier-chart>
      <div id="shell"></div>
    </tarsier-provider>
    <tarsier-provider id="globex" src="${url}" token-url="/token?tenant=globex&selector=orders_open" range="5m">
      <tarsier-stat label="Orders" selector="orders_open"></tarsier-stat>
      <tarsier-stat id="foreign" label="CPU" selector="cpu_busy_ratio"></tarsier-stat>
      <div id="elsewhere"></div>
    </tarsier-provider>`,
  '/react': '<main id="app"></main><script type="module" src="/react-page.js"></script>',
  '/vue': '<main id="app"></main><script type="module" src="/vue-page.js"></script>',
});

beforeAll(async () => {
  await mkdir(built);
  const data = `${folder.path}/data`;
  const [running, opened] = await Promise.all([
    startCollector(data, await freePort(), { TARSIER_WEB_ROOT: webRoot }),
    chromium.launch({ executablePath: await chromiumPath(), args: [...chromiumFlags] }),
    buildPage('react-page', built),
    buildPage('vue-page', built),
  ]);
  [collector, browser] = [running, opened];
  startAgent(collector.url, collector.ingestKey, `${folder.path}/agent`, { TARSIER_HOST: 'shop-1' });

  const [admin, operator] = await Promise.all([createKey(data, 'admin'), createKey(data, 'operator')]);
  await createApi(collector.url, operator).post('/v1/tenants', { name: 'globex' });
  const keys: Record<string, string> = { default: admin, globex: await createKey(data, 'admin', {}, 'globex') };
  const api = (tenant: string) => createApi(collector.url, keys[tenant] ?? '');
  const url = collector.url.replace(/\/$/u, '');
  site = await startSite(url, pages(url), built, async (tenant, selector) => {
    const body = { selectors: [selector], origins: [site.origin] };
    const { token } = z.object({ token: z.string() }).parse(await api(tenant).post('/v1/view-tokens', body));
    minted.push(token);
    return token;
  });
  for (const tenant of Object.keys(keys)) await api(tenant).put('/v1/cors-origins', { origins: [site.origin] });
  await api('globex').importText('till-1', '# TYPE orders_open gauge\norders_open 42\n');
}, 600_000);
afterEach((context) => {
  if (context.task.result?.state === 'fail') process.stdout.write(collector.stderr.slice(-20).join('\n'));
});
afterAll(async () => {
  await browser?.close();
  site?.close();
  killAll();
  await folder.remove();
});

/** Opens a page of the site. What breaks its policy, any error of a script, and a token in the document fail the test. */
async function open(path: string): Promise<Page> {
  const page = await browser.newPage({ locale: 'en-US' });
  const complaints: string[] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  await page.goto(`${site.origin}${path}`);
  onTestFinished(async () => {
    const html = await page.content();
    for (const token of minted) expect(html).not.toContain(token);
    expect(await page.evaluate('violations')).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });
  return page;
}

/** Open live connections of the page, counted from outside of it. */
function countSockets(page: Page): () => number {
  let sockets = 0;
  page.on('websocket', (socket) => {
    sockets++;
    socket.on('close', () => sockets--);
  });
  return () => sockets;
}

test('elements live in a page of another origin under a strict policy: in a shadow root, and two tenants beside each other', async () => {
  const page = await open('/');
  await page.locator('#cpu > tarsier-chart').first().locator('canvas').waitFor({ timeout: 60_000 });
  // Another provider on the same page, of another tenant, each of which sees its own alone.
  await page.locator('#globex tarsier-stat .value').getByText('42').waitFor({ timeout: 60_000 });
  await page.locator('#foreign').getByText('no data').waitFor({ timeout: 60_000 });
  // What the token does not show is not there, and no error.
  await page.locator('#hidden').getByText('No samples in the last').waitFor({ timeout: 60_000 });
  // Inside somebody's shadow root it finds the provider outside.
  await page.evaluate(`{
    const chart = document.createElement('tarsier-chart');
    chart.setAttribute('selector', 'cpu_busy_ratio{cpu="all"}');
    document.querySelector('#shell').attachShadow({ mode: 'open' }).append(chart);
  }`);
  await page.locator('#shell tarsier-chart canvas').waitFor({ timeout: 60_000 });

  // A view of a result, given by the page: its curves have colours, which no style attribute may bring.
  await page.evaluate(`{
    const element = document.createElement('tarsier-convergence');
    element.data = ${JSON.stringify(testTuning)};
    document.body.append(element);
  }`);
  await page.locator('tarsier-convergence .curve').first().waitFor();
  const curve = "document.querySelector('tarsier-convergence').shadowRoot.querySelector('.curve')";
  expect(await page.evaluate(`getComputedStyle(${curve}).stroke`)).toMatch(/^rgb/u);
  expect(minted.length).toBeGreaterThanOrEqual(2);
});

test('an element that is moved keeps its canvas, or asks where it is now; one that is removed leaves nothing behind', async () => {
  const page = await browser.newPage({ locale: 'en-US' });
  const sockets = countSockets(page);
  // Counted before any script of the page: timers and observers that were begun and not ended.
  await page.addInitScript(`{
    const open = new Set();
    globalThis.stillOpen = () => [...open].map(([kind]) => kind);
    for (const name of ['ResizeObserver', 'IntersectionObserver', 'MutationObserver']) {
      const Kind = globalThis[name];
      const watched = new WeakMap();
      globalThis[name] = class extends Kind {
        #watched = new Map();
        observe(target, options) { if (!this.#watched.has(target)) { const entry = [name]; this.#watched.set(target, entry); open.add(entry); } super.observe(target, options); }
        unobserve(target) { open.delete(this.#watched.get(target)); this.#watched.delete(target); super.unobserve(target); }
        disconnect() { for (const entry of this.#watched.values()) open.delete(entry); this.#watched.clear(); super.disconnect(); }
      };
    }
    const intervals = new Map();
    const { setInterval: begin, clearInterval: end } = globalThis;
    globalThis.setInterval = (...args) => { const id = begin(...args); const entry = ['interval']; intervals.set(id, entry); open.add(entry); return id; };
    globalThis.clearInterval = (id) => { open.delete(intervals.get(id)); intervals.delete(id); end(id); };
  }`);
  await page.goto(`${site.origin}/`);
  const chart = page.locator('#cpu > tarsier-chart').first();
  await chart.locator('canvas').waitFor({ timeout: 60_000 });
  await expect.poll(sockets, { timeout: 30_000 }).toBe(2);
  await page.evaluate(`globalThis.chart = document.querySelector('#cpu > tarsier-chart');
    globalThis.canvas = chart.shadowRoot.querySelector('canvas');
    document.querySelector('#shell').before(chart);`);
  await page.evaluate('new Promise(requestAnimationFrame)');
  expect(await page.evaluate("canvas === chart.shadowRoot.querySelector('canvas')")).toBe(true);
  // Under the provider of the other tenant there is no such series.
  await page.evaluate("document.querySelector('#elsewhere').append(chart)");
  await page.locator('#elsewhere tarsier-chart').getByText('No samples in the last').waitFor({ timeout: 60_000 });
  await page.evaluate("for (const provider of document.querySelectorAll('tarsier-provider')) provider.remove()");
  await expect.poll(sockets, { timeout: 30_000 }).toBe(0);
  await expect.poll(() => page.evaluate('stillOpen()'), { timeout: 30_000 }).toEqual([]);
  await page.close();
});

test.each(['react', 'vue'])(
  'a page made with %s: properties go down, events come up, and what leaves is gone',
  async (kind) => {
    const page = await open(`/${kind}`);
    const sockets = countSockets(page);
    await page.locator('tarsier-chart canvas').waitFor({ timeout: 60_000 });
    // A property that is no attribute.
    expect(await page.evaluate("document.querySelector('tarsier-chart').thresholds")).toEqual([
      { value: 0.9, label: 'busy' },
    ]);
    await page.locator('tarsier-chart .frame').focus();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => page.evaluate('cursors.length'), { timeout: 30_000 }).toBeGreaterThan(0);
    await page.evaluate('leave()');
    await page.getByText('gone').waitFor();
    await expect.poll(sockets, { timeout: 30_000 }).toBeLessThanOrEqual(0);
  },
);
