/** The dashboard on a real collector: how soon it is ready, from commit to pixel, and after a minute without a network. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext, Page } from 'playwright';
import { buildWeb, webIsOutdated, webRoot } from '../../scripts/web.ts';
import { spreadOf } from '../../test/alerts/stages.ts';
import { startProxy, type Proxy } from '../../test/faults/chaos/proxy.ts';
import { freePort, killAll, temporaryFolder } from '../../test/support/processes.ts';
import { createApi, createKey, startCollector, type Api } from '../../test/support/tarsier.ts';

const hostCount = 24;
const historyS = 300;
const readyRuns = 7;
const commits = 300;
const commitEveryMs = 100;
const cutS = 60;
const viewport = { width: 1280, height: 900 };

export interface DashboardNumbers {
  readonly firstPaintMs: number;
  readonly readyMs: number;
  /** From the request that brings a sample, and from its answer, until the frame after the chart was drawn. */
  readonly sentToPixelMs: readonly number[];
  readonly committedToPixelMs: readonly number[];
  readonly resume: { readonly ms: number; readonly missing: number; readonly doubled: number };
}

interface Served {
  readonly proxy: Proxy;
  readonly api: Api;
}

export async function measureDashboard(browser: Browser): Promise<DashboardNumbers> {
  const folder = await temporaryFolder();
  try {
    if (webIsOutdated()) await buildWeb();
    const data = `${folder.path}/data`;
    const collector = await startCollector(data, await freePort(), { TARSIER_WEB_ROOT: webRoot });
    const proxy = await startProxy(new URL(collector.url));
    const served = { proxy, api: createApi(collector.url, await createKey(data, 'admin')) };
    const names = Array.from({ length: hostCount }, (_, i) => `web-${i + 1}`);
    for (const host of names) await send(served, host, historyS);
    const context = await browser.newContext({ viewport });
    const first = await context.newPage();
    const { pathname, search, hash } = new URL(collector.signIn);
    await first.goto(`${proxy.url}${pathname}${search}${hash}`);
    await first.locator('tarsier-overview-page').waitFor();
    await first.close();
    const ready = await readyTimes(browser, context, served, names);
    const page = await probePage(context, served);
    const toPixel = await commitsToPixels(page, served);
    const resume = await cutAndResume(page, context, served);
    proxy.close();
    return { ...ready, ...toPixel, resume };
  } finally {
    killAll();
    await folder.remove();
  }
}

/** The last seconds of a host's vital signs. */
async function send({ api }: Pick<Served, 'api'>, host: string, seconds: number): Promise<void> {
  const now = Math.floor(Date.now() / 1000) * 1000;
  const lines = Array.from({ length: seconds }, (_, i) => {
    const time = now - (seconds - 1 - i) * 1000;
    const wave = 0.4 + 0.3 * Math.sin(time / 20_000 + host.length);
    return `cpu_busy_ratio{cpu="all"} ${wave} ${time}
memory_used_ratio ${wave / 2} ${time}
load_average{window="1m"} ${wave * 3} ${time}
network_received_bytes_total ${time / 10} ${time}`;
  });
  await api.importText(host, `# TYPE network_received_bytes_total counter\n${lines.join('\n')}\n`);
}

/** Runs in the page from its start: notes when all hosts and charts are there and nothing loads any more. */
function watchReady(hosts: number): void {
  const all = function* (root: ParentNode): Iterable<Element> {
    for (const element of root.querySelectorAll('*')) {
      yield element;
      if (element.shadowRoot !== null) yield* all(element.shadowRoot);
    }
  };
  const isReady = (): boolean => {
    let [charts, canvases, tiles] = [0, 0, 0];
    for (const element of all(document)) {
      if (element.getAttribute('aria-busy') === 'true') return false;
      if (element.localName === 'tarsier-chart') charts++;
      if (element.localName === 'canvas') canvases++;
      if (element.getAttribute('part') === 'host') tiles++;
    }
    return charts > 0 && canvases >= charts && tiles >= hosts;
  };
  const look = (): void => {
    if (isReady()) performance.mark('bench-ready');
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

async function readyTimes(
  browser: Browser,
  signedIn: BrowserContext,
  served: Served,
  hosts: readonly string[],
): Promise<{ readyMs: number; firstPaintMs: number }> {
  const storageState = await signedIn.storageState();
  const runs: { ready: number; paint: number }[] = [];
  for (let run = 0; run < readyRuns; run++) {
    for (const host of hosts) await send(served, host, 1);
    // Its cache is empty.
    const context = await browser.newContext({ viewport, storageState });
    const page = await context.newPage();
    await page.addInitScript(watchReady, hosts.length);
    await page.goto(served.proxy.url);
    await page.waitForFunction(() => performance.getEntriesByName('bench-ready').length > 0);
    runs.push(
      await page.evaluate(() => ({
        ready: performance.getEntriesByName('bench-ready')[0]?.startTime ?? Number.NaN,
        paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
      })),
    );
    await context.close();
  }
  return {
    readyMs: spreadOf(runs.map(({ ready }) => ready)).p50,
    firstPaintMs: spreadOf(runs.map(({ paint }) => paint)).p50,
  };
}

interface Probe extends Element {
  readonly view?: {
    readonly newest?: number;
    readonly times: Float64Array;
    readonly lines: readonly { readonly values: Float64Array }[];
  };
}

/** The dashboard with one more chart, of a series of our own. */
async function probePage(context: BrowserContext, served: Served): Promise<Page> {
  await served.api.importText('probe', `probe_value 1 ${Date.now()}\n`);
  const page = await context.newPage();
  await page.goto(served.proxy.url);
  await page.locator('tarsier-chart canvas').first().waitFor();
  await page.evaluate(() => {
    const chart = document.createElement('tarsier-chart');
    chart.id = 'probe';
    chart.setAttribute('selector', 'probe_value');
    chart.setAttribute('range', '5m');
    document.querySelector('tarsier-app')?.shadowRoot?.querySelector('main')?.prepend(chart);
  });
  await page.locator('#probe canvas').waitFor();
  await page.evaluate(() => {
    const chart: Probe | null | undefined = document.querySelector('tarsier-app')?.shadowRoot?.querySelector('#probe');
    const seen: [number, number][] = [];
    let newest = chart?.view?.newest;
    const look = (): void => {
      const now = chart?.view?.newest;
      if (now !== undefined && now !== newest) {
        newest = now;
        // Drawn in this frame, on the screen by the next one.
        requestAnimationFrame(() => seen.push([now, performance.timeOrigin + performance.now()]));
      }
      requestAnimationFrame(look);
    };
    look();
    Object.assign(globalThis, { seen });
  });
  return page;
}

async function commitsToPixels(
  page: Page,
  served: Served,
): Promise<Pick<DashboardNumbers, 'sentToPixelMs' | 'committedToPixelMs'>> {
  const sent = new Map<number, { readonly from: number; readonly committed: number }>();
  for (let commit = 0; commit < commits; commit++) {
    const time = Date.now();
    const from = performance.timeOrigin + performance.now();
    await served.api.importText('probe', `probe_value ${Math.sin(commit / 10)} ${time}\n`);
    sent.set(time, { from, committed: performance.timeOrigin + performance.now() });
    await sleep(Math.max(0, time + commitEveryMs - Date.now()));
  }
  await sleep(1000);
  const seen = await page.evaluate<readonly (readonly [number, number])[]>('seen');
  const times = seen.flatMap(([time, at]) => {
    const one = sent.get(time);
    return one === undefined ? [] : [{ sent: at - one.from, committed: at - one.committed }];
  });
  return { sentToPixelMs: times.map((one) => one.sent), committedToPixelMs: times.map((one) => one.committed) };
}

async function cutAndResume(page: Page, context: BrowserContext, served: Served): Promise<DashboardNumbers['resume']> {
  let sending = true;
  const feeding = (async () => {
    while (sending) {
      const time = Date.now();
      await served.api.importText('probe', `probe_value ${Math.random()} ${time}\n`);
      await sleep(Math.max(0, time + 1000 - Date.now()));
    }
  })();
  await sleep(5000);
  const from = Date.now();
  await context.setOffline(true);
  served.proxy.cut(false);
  await sleep(cutS * 1000);
  served.proxy.heal();
  const healed = Date.now();
  await context.setOffline(false);
  const chart = page.locator('#probe');
  const newest = (): Promise<number> => chart.evaluate((element: Probe) => element.view?.newest ?? 0);
  while ((await newest()) < healed - 2000) await sleep(10);
  const ms = Date.now() - healed;
  sending = false;
  await feeding;
  await sleep(1000);
  const held = await chart.evaluate((element: Probe) =>
    [...(element.view?.times ?? [])].filter((_, i) => !Number.isNaN(element.view?.lines[0]?.values[i] ?? Number.NaN)),
  );
  const [stored] = await served.api.samples('probe_value', from, healed);
  const times = new Set(held);
  return {
    ms,
    missing: (stored?.points ?? []).filter(([time]) => !times.has(time)).length,
    doubled: held.length - times.size,
  };
}
