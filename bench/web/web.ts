/**
 * `pnpm bench web`: what is loaded, gzipped; what live charts cost the page's thread beside uPlot alone; whether memory
 * grows. CPU is the thread's own time, so that neighbours on the machine do not count.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type CDPSession, type Page } from 'playwright';
import { build } from 'vite';
import { embedBuild, webFolder } from '../../scripts/web.ts';
import { chromiumFlags, chromiumPath } from '../../test/support/chromium.ts';
import { measureSizes } from './sizes.ts';

const seconds = 20;

const folder = await mkdtemp(join(tmpdir(), 'tarsier-bench-web-'));
try {
  await sizes();
  await charts();
} finally {
  await rm(folder, { recursive: true, force: true });
}

function say(...cells: readonly (string | number)[]): void {
  process.stdout.write(
    `${cells.map((cell, i) => (i === 0 ? String(cell).padEnd(44) : String(cell).padStart(12))).join('')}\n`,
  );
}

async function sizes(): Promise<void> {
  say('what is loaded', 'kB gzip', 'budget');
  for (const { name, kB, budgetKB } of await measureSizes()) say(name, kB.toFixed(1), budgetKB ?? '');
}

async function charts(): Promise<void> {
  await build(embedBuild({ page: `${webFolder}src/testing/bench-page.ts` }, join(folder, 'page')));
  const script = await readFile(join(folder, 'page', 'page.js'));
  const server = createServer((request, response) => {
    if (request.url === '/page.js') return response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    return response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(
        `<!doctype html><style>main{display:grid;grid-template-columns:repeat(6,300px)} main>*{height:230px;--tarsier-chart-height:150px}</style><main></main><script type="module" src="/page.js"></script>`,
      );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  const browser = await chromium.launch({
    executablePath: await chromiumPath(),
    args: [...chromiumFlags, '--js-flags=--expose-gc', '--enable-precise-memory-info'],
  });
  say('');
  say(`charts at 1 Hz, ${seconds} s`, 'thread %', 'long tasks', 'worst ms');
  const results = new Map<string, number>();
  for (const [kind, count, series, scale] of [
    ['uplot', 50, 3, 1],
    ['tarsier', 50, 3, 1],
    ['tarsier', 50, 3, 2],
    ['uplot', 100, 1, 1],
    ['tarsier', 100, 1, 1],
  ] as const) {
    // Tall enough for all of them: what is out of sight is not drawn.
    const context = await browser.newContext({ viewport: { width: 1900, height: 4200 }, deviceScaleFactor: scale });
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${address.port}/`);
    await page.waitForFunction('globalThis.bench !== undefined');
    await page.evaluate(`bench.start('${kind}', ${count}, ${series}, 600)`);
    const { percent, longTasks, worst } = await run(page);
    results.set(`${kind} ${count} ${scale}`, percent);
    say(
      `${kind}, ${count} charts x ${series} x 600, ${scale}x pixels`,
      percent.toFixed(1),
      longTasks,
      worst.toFixed(0),
    );
    if (kind === 'tarsier' && scale === 1 && count === 50) await memory(page);
    await context.close();
  }
  const ratio = (results.get('tarsier 100 1') ?? NaN) / (results.get('uplot 100 1') ?? NaN);
  say('100 charts beside uPlot alone', `${ratio.toFixed(2)} x`, 'at most 1.3');
  await browser.close();
  server.close();
}

async function run(page: Page): Promise<{ percent: number; longTasks: number; worst: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.setTimeDomain', { timeDomain: 'threadTicks' });
  await session.send('Performance.enable');
  await page.evaluate(
    'globalThis.long = []; new PerformanceObserver((list) => long.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: "longtask" })',
  );
  const before = await metric(session, 'TaskDuration');
  for (let second = 0; second < seconds; second++) {
    const started = performance.now();
    await page.evaluate('bench.tick()');
    await page.waitForTimeout(Math.max(0, 1000 - (performance.now() - started)));
  }
  const percent = (((await metric(session, 'TaskDuration')) - before) / seconds) * 100;
  const long = await page.evaluate<readonly number[]>('long');
  await session.detach();
  return { percent, longTasks: long.length, worst: Math.max(0, ...long) };
}

/** An hour of ticks as fast as they go; memory after the collector's work, and what was left behind. */
async function memory(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const look = async (): Promise<{ heap: number; nodes: number; listeners: number }> => {
    await session.send('HeapProfiler.collectGarbage');
    const [heap, nodes, listeners] = await Promise.all(
      ['JSHeapUsedSize', 'Nodes', 'JSEventListeners'].map((name) => metric(session, name)),
    );
    return { heap: (heap ?? NaN) / 1e6, nodes: nodes ?? NaN, listeners: listeners ?? NaN };
  };
  await page.evaluate('(async () => { for (let i = 0; i < 300; i++) await bench.tick(); })()');
  const start = await look();
  await page.evaluate('(async () => { for (let i = 0; i < 900; i++) await bench.tick(); })()');
  const end = await look();
  say('  900 ticks more: heap MB before, after', start.heap.toFixed(2), end.heap.toFixed(2));
  say('  DOM nodes before, after', start.nodes, end.nodes);
  say('  listeners before, after', start.listeners, end.listeners);
  await session.detach();
}

async function metric(session: CDPSession, name: string): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find((one) => one.name === name)?.value ?? NaN;
}
