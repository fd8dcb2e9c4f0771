/** A host whose CPU is busy of a sudden: how soon that is drawn, and shaded. On a real collector, with this machine's agent. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright';
import { buildWeb, webIsOutdated, webRoot } from '../../scripts/web.ts';
import { loadMachine } from '../../test/support/load.ts';
import { freePort, killAll, temporaryFolder } from '../../test/support/processes.ts';
import { startAgent, startCollector } from '../../test/support/tarsier.ts';

const host = 'bench-host';
/** Each with a collector of its own: who was loaded before is less surprising the next time. */
const runs = 3;
/** By then each series is judged, and 300 ticks of the host are known: before that an event has to be ten times as rare. */
const settledAfterS = 360;
const givenUpAfterS = 30;

/** What the load does, by the series that show it. */
export const shadedSeries = {
  cpu: `cpu_busy_ratio{cpu="all",host="${host}"}`,
  connections: `network_tcp_connections{host="${host}"}`,
} as const;
export type ShadedSeries = keyof typeof shadedSeries;

/** Milliseconds from the start of the load; undefined where it did not come to that. */
export interface Shading {
  readonly drawnMs: number | undefined;
  readonly shadedMs: number | undefined;
}

export type ShadingRun = Readonly<Record<ShadedSeries, Shading>>;

export async function* measureShading(browser: Browser): AsyncGenerator<ShadingRun, void> {
  if (webIsOutdated()) await buildWeb();
  for (let run = 0; run < runs; run++) yield await measureOnce(browser);
}

async function measureOnce(browser: Browser): Promise<ShadingRun> {
  const folder = await temporaryFolder();
  try {
    const collector = await startCollector(`${folder.path}/data`, await freePort(), { TARSIER_WEB_ROOT: webRoot });
    startAgent(collector.url, collector.ingestKey, `${folder.path}/agent`, { TARSIER_HOST: host });
    const page = await openCharts(browser, collector.signIn);
    await sleep(settledAfterS * 1000);
    const loadedAt = performance.timeOrigin + performance.now();
    const load = await loadMachine();
    try {
      const names = Object.keys(shadedSeries) as ShadedSeries[];
      const look = (): Promise<Record<string, Seen>> => page.evaluate('seen');
      let found: Record<string, Seen> = {};
      for (let waited = 0; waited < givenUpAfterS * 10; waited++) {
        await sleep(100);
        found = await look();
        if (names.every((name) => timesSince(found[name], loadedAt).shadedMs !== undefined)) break;
      }
      return { cpu: timesSince(found['cpu'], loadedAt), connections: timesSince(found['connections'], loadedAt) };
    } finally {
      await load.stop();
      await page.context().close();
    }
  } finally {
    killAll();
    await folder.remove();
  }
}

/** When samples and shaded stretches were on the screen, by the page's clock, which is ours. */
interface Seen {
  /** [time of the newest sample, when it was drawn] */
  readonly samples: readonly (readonly [number, number])[];
  /** [start of the stretch, when it was drawn] */
  readonly shaded: readonly (readonly [number, number])[];
}

function timesSince(seen: Seen | undefined, loadedAt: number): Shading {
  // A stretch begins with its first odd sample, which by chance is one of just before.
  const shaded = seen?.shaded.find(([start, at]) => start >= loadedAt - 2000 && at >= loadedAt);
  const drawn = seen?.samples.find(([time]) => time >= loadedAt);
  const since = (at: number | undefined): number | undefined => (at === undefined ? undefined : at - loadedAt);
  return { drawnMs: since(drawn?.[1]), shadedMs: since(shaded?.[1]) };
}

interface Probe extends Element {
  readonly view?: { readonly newest?: number; readonly anomalies: readonly { readonly start: number }[] };
}

/** The dashboard with a chart of each of the series, whose frames are noted. */
async function openCharts(browser: Browser, signIn: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(signIn);
  await page.locator('tarsier-chart canvas').first().waitFor({ timeout: 60_000 });
  await page.evaluate((selectors) => {
    interface Noted {
      readonly samples: [number, number][];
      readonly shaded: [number, number][];
    }
    const seen: Record<string, Noted> = {};
    Object.assign(globalThis, { seen });
    for (const [name, selector] of Object.entries(selectors)) {
      const chart: Probe = document.createElement('tarsier-chart');
      chart.setAttribute('selector', selector);
      chart.setAttribute('range', '5m');
      document.querySelector('tarsier-app')?.shadowRoot?.querySelector('main')?.prepend(chart);
      const noted: Noted = { samples: [], shaded: [] };
      seen[name] = noted;
      let [newest, stretches] = [0, ''];
      const look = (): void => {
        const { newest: now = 0, anomalies = [] } = chart.view ?? {};
        const starts = anomalies.map(({ start }) => start);
        const [isNew, isOther] = [now !== newest, starts.join() !== stretches];
        [newest, stretches] = [now, starts.join()];
        // Drawn in this frame, on the screen by the next one.
        if (isNew || isOther) {
          requestAnimationFrame(() => {
            const at = performance.timeOrigin + performance.now();
            if (isNew) noted.samples.push([now, at]);
            if (isOther) for (const start of starts) noted.shaded.push([start, at]);
          });
        }
        requestAnimationFrame(look);
      };
      look();
    }
  }, shadedSeries);
  return page;
}
