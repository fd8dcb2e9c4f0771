import { createServer } from 'node:http';
import { once } from 'node:events';
import { chromium } from 'playwright';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { buildWeb, webIsOutdated, webRoot } from '../../scripts/web.ts';
import { chromiumFlags, chromiumPath } from '../support/chromium.ts';
import { freePort, killAll, temporaryFolder } from '../support/processes.ts';
import { createApi, createKey, startAgent, startCollector } from '../support/tarsier.ts';
import { testTuning } from '../../packages/web/src/testing/results.ts';

const folder = await temporaryFolder();

beforeAll(async () => {
  if (webIsOutdated()) await buildWeb();
}, 120_000);
afterEach(killAll);
afterAll(() => folder.remove());

/** A site of its own origin, under as strict a policy as there is; it asks the collector for tokens with its key. */
async function startSite(collector: string, mint: (selector: string) => Promise<string>) {
  const live = collector.replace(/^http/u, 'ws');
  const policy = `default-src 'none'; script-src 'self' ${collector}; connect-src 'self' ${collector} ${live}; require-trusted-types-for 'script'`;
  const files: Record<string, [type: string, body: string]> = {
    '/': [
      'text/html',
      `<!doctype html><html lang="en"><title>Shop</title>
      <script type="module" src="${collector}/embed/tarsier.js"></script>
      <script type="module" src="/site.js"></script>
      <tarsier-provider id="cpu" src="${collector}" token-url="/token?selector=cpu_busy_ratio" range="5m">
        <tarsier-chart label="CPU" selector='cpu_busy_ratio{cpu="all"}'></tarsier-chart>
        <tarsier-chart id="hidden" label="Memory" selector="memory_used_ratio"></tarsier-chart>
        <div id="shell"></div>
      </tarsier-provider>
      <tarsier-provider id="memory" src="${collector}" token-url="/token?selector=memory_used_ratio" range="5m">
        <tarsier-stat label="Memory" selector="memory_used_ratio"></tarsier-stat>
      </tarsier-provider>`,
    ],
    '/site.js': [
      'text/javascript',
      `const chart = document.createElement('tarsier-chart');
      chart.setAttribute('selector', 'cpu_busy_ratio{cpu="all"}');
      document.querySelector('#shell').attachShadow({ mode: 'open' }).append(chart);
      globalThis.violations = [];
      document.addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI));`,
    ],
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://site');
    const file = files[pathname];
    if (pathname === '/token') {
      void mint(searchParams.get('selector') ?? '').then((token) => response.end(JSON.stringify({ token })));
    } else if (file === undefined) {
      response.writeHead(404).end();
    } else {
      response.writeHead(200, { 'content-type': file[0], 'content-security-policy': policy }).end(file[1]);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return { origin: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}

test('elements live in a page of another origin, under a strict policy, each seeing what its view token lets it', async () => {
  const collector = await startCollector(`${folder.path}/data`, await freePort(), { TARSIER_WEB_ROOT: webRoot });
  startAgent(collector.url, collector.ingestKey, `${folder.path}/agent`, { TARSIER_HOST: 'shop-1' });
  const api = createApi(collector.url, await createKey(`${folder.path}/data`, 'admin'));
  const minted: string[] = [];
  const site = await startSite(collector.url.replace(/\/$/u, ''), async (selector) => {
    const body = { selectors: [selector], origins: [site.origin] };
    const { token } = z.object({ token: z.string() }).parse(await api.post('/v1/view-tokens', body));
    minted.push(token);
    return token;
  });
  await api.put('/v1/cors-origins', { origins: [site.origin] });

  const browser = await chromium.launch({ executablePath: await chromiumPath(), args: [...chromiumFlags] });
  const page = await browser.newPage({ locale: 'en-US' });
  const complaints: string[] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  await page.goto(site.origin);
  await page.locator('#cpu > tarsier-chart').first().locator('canvas').waitFor({ timeout: 30_000 });
  // Inside somebody's shadow root it finds the provider outside.
  await page.locator('#shell tarsier-chart canvas').waitFor({ timeout: 30_000 });
  // Another provider on the same page, with another token.
  await page.locator('#memory tarsier-stat .value').getByText('%').waitFor({ timeout: 30_000 });
  // What the token does not show is not there, and no error.
  await page.locator('#hidden').getByText('No samples in the last').waitFor({ timeout: 30_000 });

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
  const html = await page.content();
  for (const token of minted) expect(html).not.toContain(token);
  expect(await page.evaluate('violations')).toEqual([]);
  expect(complaints).toEqual([]);
  await browser.close();
  site.close();
});
