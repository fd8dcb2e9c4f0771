import { readdirSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { webRoot } from '../../scripts/web.ts';
import { chromiumFlags, chromiumPath } from '../support/chromium.ts';
import { loadMachine } from '../support/load.ts';
import { eventually, freePort, killAll, temporaryFolder } from '../support/processes.ts';
import { createApi, createKey, startAgent, startCollector } from '../support/tarsier.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

const folder = await temporaryFolder();
const receiver = await startWebhookReceiver();

beforeAll(async () => {
  expect(readdirSync(webRoot)).toContain('index.html');
}, 120_000);
afterEach(killAll);
afterAll(async () => {
  receiver.close();
  await folder.remove();
});

const webhookBody = z.object({
  version: z.literal(1),
  status: z.string(),
  alert: z.object({ name: z.string(), reason: z.string() }),
});

test('a loaded CPU is sampled, charted in a browser, found unusual, alerted on and told to a webhook', async () => {
  const data = `${folder.path}/data`;
  const browser = await chromium.launch({ executablePath: await chromiumPath(), args: [...chromiumFlags] });
  const collector = await startCollector(data, await freePort(), { TARSIER_WEB_ROOT: webRoot });
  const listening = Date.now();
  const agent = startAgent(collector.url, collector.ingestKey, `${folder.path}/agent`, { TARSIER_HOST: 'e2e-host' });
  const page = await openPage(browser, collector.signIn);
  const canvas = page.locator('tarsier-chart canvas').first();
  await canvas.waitFor({ timeout: 30_000 });
  const before = await inked(page);
  await eventually(async () => ((await inked(page)) === before ? undefined : true), 30_000);
  process.stdout.write(
    `first chart moved within ${((Date.now() - listening) / 1000).toFixed(1)} s of the collector listening\n`,
  );

  const api = createApi(collector.url, await createKey(data, 'write'));
  await api.post('/v1/channels', { kind: 'webhook', name: 'receiver', url: receiver.url });
  // Alone, whatever else a loaded machine makes of the minute.
  await api.post('/v1/routes', { name: 'load', matchers: ['alertname="CPU loaded"'], togetherMs: 0 });
  const cpu = 'cpu_busy_ratio{cpu="all",host="e2e-host"}';
  await api.post('/v1/rules', {
    kind: 'threshold',
    name: 'CPU loaded',
    severity: 'warning',
    selector: cpu,
    op: '>',
    value: 0.8,
    forMs: 2000,
  });

  // The z-score needs a minute of quiet to know what is usual.
  const warm = listening + 75_000;
  await eventually(async () => (Date.now() > warm ? true : undefined), 120_000);
  const loadedAt = Date.now();
  const load = await loadMachine();
  try {
    const firing = await eventually(async () => {
      const { alerts } = z
        .object({ alerts: z.array(z.object({ name: z.string(), host: z.string() })) })
        .parse(await api.get('/v1/alerts?state=firing'));
      return alerts.find(({ name }) => name === 'CPU loaded');
    }, 60_000);
    expect(firing.host).toBe('e2e-host');
    const told = await eventually(async () =>
      receiver.received.map((body) => webhookBody.parse(body)).find(({ alert }) => alert.name === 'CPU loaded'),
    );
    expect(told).toMatchObject({ status: 'firing', alert: { reason: expect.stringContaining('above 80 % for 2 s') } });
    const anomaly = await eventually(async () => {
      const range = `start=${listening / 1000}&end=${Date.now() / 1000}`;
      const { anomalies } = z
        .object({ anomalies: z.array(z.object({ metric: z.string(), start: z.number(), reason: z.string() })) })
        .parse(await api.get(`/v1/anomalies?${range}`));
      // Where neighbours keep the machine busy, a busy CPU may be nothing unusual; the connections are.
      return anomalies.find(
        ({ metric, start }) => /^(cpu_|load_|network_tcp_connections)/u.test(metric) && start > loadedAt - 2000,
      );
    });
    expect(anomaly.reason).toMatch(/was usual/u);
    await page.locator('tarsier-alert-list').getByText('CPU loaded').first().click({ timeout: 30_000 });
    const incident = page.locator('tarsier-incident');
    await incident.getByRole('heading', { name: 'CPU loaded' }).waitFor();
    await incident.locator('tarsier-chart canvas').waitFor();
    await incident.getByText('cpu_busy_ratio').first().waitFor();
    await incident.getByRole('button', { name: 'Acknowledge' }).click();
    await incident.getByRole('button', { name: 'Unacknowledge' }).waitFor();
  } finally {
    await load.stop();
  }

  const [series] = await api.samples(cpu, listening, Date.now());
  expect(Math.max(...(series?.points.map(([, value]) => value) ?? []))).toBeGreaterThan(0.9);
  await eventually(async () =>
    receiver.received
      .map((body) => webhookBody.parse(body))
      .find(({ alert, status }) => alert.name === 'CPU loaded' && status === 'resolved'),
  );

  await browser.close();
  expect(await agent.end('SIGTERM')).toBe(0);
  expect(await collector.end('SIGTERM')).toBe(0);
});

/** Signs in by the printed link. Anything on the console, and any request to another server, fails the test. */
async function openPage(browser: Browser, signIn: string): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-US' });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && origin !== new URL(signIn).origin) complaints.push(`asked ${request.url()}`);
  });
  page.on('close', () => expect(complaints).toEqual([]));
  await page.goto(signIn);
  return page;
}

/** What the first chart shows, as its pixels. */
function inked(page: Page): Promise<string> {
  return page
    .locator('tarsier-chart canvas')
    .first()
    .evaluate((element) => (element instanceof HTMLCanvasElement ? element.toDataURL() : ''));
}
