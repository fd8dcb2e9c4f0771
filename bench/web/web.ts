/**
 * `pnpm bench web [sizes|charts|profile|pan|memory|hour|dashboard|shading ...] [--minutes 10]`: what is loaded, gzipped; what live charts
 * cost the page's thread beside uPlot alone; whether memory grows, in so many minutes; the dashboard on a collector; how soon a
 * load is shaded. Unless named, all but `hour`, which is `memory` for an hour of samples however long that takes, and
 * `profile`, which says where the time of 100 charts goes. CPU is the thread's own time as the kernel (Linux) counts it, so
 * that neighbours on the machine do not. Chromium's TaskDuration is not: it is the wall's time, and without that of
 * canvases drawn outside of a frame, as uPlot's are when it is alone (8 of 27 ms in a trace).
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Browser, type CDPSession, type Page, type ViewportSize } from 'playwright';
import { build } from 'vite';
import { embedBuild, webFolder } from '../../scripts/web.ts';
import { chromiumFlags, chromiumPath } from '../../test/support/chromium.ts';
import { percentile } from '../../test/support/percentile.ts';
import { measureDashboard } from './dashboard.ts';
import { measureShading, shadedSeries, type ShadedSeries } from './shading.ts';
import { measureSizes } from './sizes.ts';

const seconds = 20;
/** Tall enough for all of them: what is out of sight is not drawn. */
const wall = { width: 1900, height: 4200 };
/** After so much everything comes again: a cut each five minutes, another range each ten. */
const periodS = 1200;
const lookEveryS = 300;
const all = ['sizes', 'charts', 'pan', 'memory', 'dashboard', 'shading'];
const known = [...all, 'hour', 'profile'];
const { values: given, positionals: named } = parseArgs({
  args: process.argv.slice(3),
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '10' } },
});
const parts = new Set(named.length === 0 ? all : named);
for (const part of parts) {
  if (known.includes(part)) continue;
  process.stderr.write(`expected parts of ${known.join(', ')}, got ${part}\n`);
  process.exit(2);
}

const folder = await mkdtemp(join(tmpdir(), 'tarsier-bench-web-'));
try {
  if (parts.has('sizes')) await sizes();
  const browser = await chromium.launch({
    executablePath: await chromiumPath(),
    args: [...chromiumFlags, '--js-flags=--expose-gc', '--enable-precise-memory-info'],
  });
  const page = await serveBenchPage();
  if (parts.has('charts')) await charts(browser, page.url);
  if (parts.has('profile')) await profile(browser, page.url);
  if (parts.has('pan')) await pan(browser, page.url);
  if (parts.has('memory') || parts.has('hour')) await memory(browser, page.url, parts.has('hour'));
  if (parts.has('dashboard')) await dashboard(browser);
  if (parts.has('shading')) await shading(browser);
  page.close();
  await browser.close();
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
  for (const { name, kB, budgetKB, onDemand } of await measureSizes()) {
    say(name, kB.toFixed(1), budgetKB ?? '');
    for (const chunk of onDemand) say(`  on demand: ${chunk.name}`, chunk.kB.toFixed(1));
  }
}

async function serveBenchPage(): Promise<{ readonly url: string; close(): void }> {
  const config = embedBuild({ page: `${webFolder}src/testing/bench-page.ts` }, join(folder, 'page'));
  // A profile of names that were made short says nothing.
  await build({ ...config, build: { ...config.build, minify: !parts.has('profile') } });
  const script = await readFile(join(folder, 'page', 'page.js'));
  const server = createServer((request, response) => {
    if (request.url === '/page.js') return response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    return response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(
        `<!doctype html><style>main,tarsier-provider{display:grid;grid-template-columns:repeat(6,300px)} tarsier-chart,main>div{height:230px;--tarsier-chart-height:150px}</style><main></main><script type="module" src="/page.js"></script>`,
      );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return { url: `http://127.0.0.1:${address.port}/`, close: () => server.close() };
}

async function openBenchPage(browser: Browser, url: string, viewport: ViewportSize, scale = 1): Promise<Page> {
  // The whole uPlot does not load where the browser's language is none, as in a container.
  const context = await browser.newContext({ viewport, deviceScaleFactor: scale, locale: 'en-US' });
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction('globalThis.bench !== undefined');
  return page;
}

async function charts(browser: Browser, url: string): Promise<void> {
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
    const page = await openBenchPage(browser, url, wall, scale);
    await page.evaluate(`bench.start('${kind}', ${count}, ${series}, 600)`);
    const { percent, longTasks, worst } = await run(browser, page);
    results.set(`${kind} ${count} ${scale}`, percent);
    say(
      `${kind}, ${count} charts x ${series} x 600, ${scale}x pixels`,
      percent.toFixed(1),
      longTasks,
      worst.toFixed(0),
    );
    await page.context().close();
  }
  const ratio = (results.get('tarsier 100 1') ?? NaN) / (results.get('uplot 100 1') ?? NaN);
  say('100 charts beside uPlot alone', `${ratio.toFixed(2)} x`, 'at most 1.3');
}

/** What the page's thread does in a tick of 100 charts: by kind of work, and the functions with most time of their own. */
async function profile(browser: Browser, url: string): Promise<void> {
  say('');
  say('ms a tick of 100 charts', 'CPU', 'script', 'style', 'layout');
  for (const kind of ['uplot', 'tarsier', 'uplot', 'tarsier']) {
    const page = await openBenchPage(browser, url, wall);
    await page.evaluate(`bench.start('${kind}', 100, 1, 600)`);
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable');
    const names = ['ScriptDuration', 'RecalcStyleDuration', 'LayoutDuration'];
    const before = await Promise.all(names.map((name) => metric(session, name)));
    const cpuMs = await pageThreadCpu(browser);
    await page.evaluate('(async () => { for (let i = 0; i < 50; i++) await bench.tick(); })()');
    const cpu = (cpuMs() / 50).toFixed(1);
    const after = await Promise.all(names.map((name) => metric(session, name)));
    say(kind, cpu, ...after.map((value, i) => ((value - (before[i] ?? NaN)) * 20).toFixed(1)));
    await page.context().close();
  }
  const page = await openBenchPage(browser, url, wall);
  await page.evaluate("bench.start('tarsier', 100, 1, 600)");
  const session = await page.context().newCDPSession(page);
  await session.send('Profiler.enable');
  await session.send('Profiler.setSamplingInterval', { interval: 200 });
  await session.send('Profiler.start');
  await page.evaluate('(async () => { for (let i = 0; i < 60; i++) await bench.tick(); })()');
  const { profile: taken } = await session.send('Profiler.stop');
  const own = new Map<string, number>();
  const byId = new Map(taken.nodes.map((node) => [node.id, node.callFrame]));
  for (const [i, id] of (taken.samples ?? []).entries()) {
    const { functionName = '', lineNumber = 0, columnNumber = 0 } = byId.get(id) ?? {};
    const name = `${functionName} ${lineNumber}:${columnNumber}`;
    own.set(name, (own.get(name) ?? 0) + (taken.timeDeltas?.[i] ?? 0));
  }
  say('');
  say('a tick of 100 charts, own time', 'ms');
  for (const [name, microseconds] of [...own].toSorted(([, a], [, b]) => b - a).slice(0, 40)) {
    say(name, (microseconds / 60_000).toFixed(2));
  }
  await page.context().close();
}

/** A chart of 100,000 points is dragged to and fro with the mouse. */
async function pan(browser: Browser, url: string): Promise<void> {
  for (const scale of [1, 2]) {
    const page = await openBenchPage(browser, url, { width: 1280, height: 600 }, scale);
    await page.evaluate("bench.start('tarsier', 1, 1, 100_000)");
    await page.addStyleTag({ content: 'main{display:block} tarsier-chart{height:500px;--tarsier-chart-height:400px}' });
    await page.waitForTimeout(500);
    const box = await page.locator('tarsier-chart .u-over').boundingBox();
    if (box === null) throw new Error('expected a plot');
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width / 2, y);
    await page.keyboard.down('Shift');
    await page.mouse.down();
    const cpuMs = await pageThreadCpu(browser);
    await page.evaluate(`{
      globalThis.frames = [];
      let before;
      const note = (at) => { if (before !== undefined) frames.push(at - before); before = at; globalThis.noting = requestAnimationFrame(note); };
      requestAnimationFrame(note);
    }`);
    for (let step = 0; step < 300; step++) {
      await page.mouse.move(box.x + box.width * (0.5 + 0.4 * Math.sin(step / 15)), y);
    }
    const took = await page.evaluate<readonly number[]>('(cancelAnimationFrame(noting), frames)');
    const busy = cpuMs();
    await page.mouse.up();
    await page.keyboard.up('Shift');
    say('');
    say(`panning 100,000 points, ${scale}x pixels`, 'p50', 'p95');
    say('from frame to frame, ms', percentile(took, 0.5).toFixed(1), percentile(took, 0.95).toFixed(1), 'p95 <= 20');
    say("a frame of the page's thread, ms", (busy / took.length).toFixed(1));
    await page.context().close();
  }
}

async function dashboard(browser: Browser): Promise<void> {
  const { firstPaintMs, readyMs, sentToPixelMs, committedToPixelMs, resume } = await measureDashboard(browser);
  say('');
  say('overview of 24 hosts, empty cache', 'ms');
  say('first contentful paint', firstPaintMs.toFixed(0), 200);
  say('ready: all hosts and charts there', readyMs.toFixed(0), 450);
  say(`from a commit to the pixel, of ${committedToPixelMs.length}`, 'p50', 'p99');
  say(
    'from the answer on',
    percentile(committedToPixelMs, 0.5).toFixed(0),
    percentile(committedToPixelMs, 0.99).toFixed(0),
    'p99 < 100',
  );
  say('from the request on', percentile(sentToPixelMs, 0.5).toFixed(0), percentile(sentToPixelMs, 0.99).toFixed(0));
  say('60 s without a network: caught up after, ms', resume.ms, 1000);
  say('samples missing, doubled', resume.missing, resume.doubled);
}

/** Of runs in which a chart was not shaded within the time, its word. */
async function shading(browser: Browser): Promise<void> {
  const ms = (value: number | undefined): string => value?.toFixed(0) ?? 'never';
  say('');
  say('from a load to its chart, ms', 'first drawn', 'shaded', 'shaded 3000');
  for await (const run of measureShading(browser)) {
    for (const name of Object.keys(shadedSeries) as ShadedSeries[]) {
      say(name, ms(run[name].drawnMs), ms(run[name].shadedMs));
    }
  }
}

async function run(browser: Browser, page: Page): Promise<{ percent: number; longTasks: number; worst: number }> {
  await page.evaluate(
    'globalThis.long = []; new PerformanceObserver((list) => long.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: "longtask" })',
  );
  const cpuMs = await pageThreadCpu(browser);
  for (let second = 0; second < seconds; second++) {
    const started = performance.now();
    await page.evaluate('bench.tick()');
    await page.waitForTimeout(Math.max(0, 1000 - (performance.now() - started)));
  }
  const percent = cpuMs() / seconds / 10;
  const long = await page.evaluate<readonly number[]>('long');
  return { percent, longTasks: long.length, worst: Math.max(0, ...long) };
}

interface Look {
  /** Seconds of samples. */
  readonly at: number;
  readonly heap: number;
  readonly nodes: number;
  readonly listeners: number;
}

/**
 * An hour of 50 charts' samples, as fast as they go, through the live client: memory after the collector's work, and what
 * was left behind. A first period fills what is kept.
 */
async function memory(browser: Browser, url: string, wholeHour: boolean): Promise<void> {
  const page = await openBenchPage(browser, url, wall);
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const look = async (second: number): Promise<Look> => {
    await session.send('HeapProfiler.collectGarbage');
    return {
      at: second,
      heap: (await metric(session, 'JSHeapUsedSize')) / 1e6,
      nodes: await metric(session, 'Nodes'),
      listeners: await metric(session, 'JSEventListeners'),
    };
  };
  await page.evaluate('bench.startLive(50, 3)');
  const started = performance.now();
  const minutes = (): number => (performance.now() - started) / 60_000;
  const looks: Look[] = [];
  let passed = 0;
  while (passed < periodS + 3600) {
    await page.evaluate(`bench.live(${lookEveryS})`);
    passed += lookEveryS;
    if (passed >= periodS) looks.push(await look(passed));
    process.stderr.write(`${passed} s of samples after ${minutes().toFixed(1)} min\n`);
    // It says how far it came.
    if (!wholeHour && minutes() > Number(given.minutes)) break;
  }
  await page.context().close();
  // Two ranges hold different amounts: only what is a period apart is alike.
  const last = looks.at(-1);
  const first = looks.find(({ at: second }) => last !== undefined && (last.at - second) % periodS === 0);
  say('');
  if (last === undefined || first === undefined || first === last) {
    return say(`50 live charts: not far enough: ${passed} s of samples in ${minutes().toFixed(0)} min`);
  }
  const between = last.at - (looks[0]?.at ?? 0);
  say(`50 live charts, ${between} s in ${minutes().toFixed(0)} min`, `at ${first.at} s`, `at ${last.at} s`);
  for (const name of ['heap', 'nodes', 'listeners'] as const) {
    const digits = name === 'heap' ? 2 : 0;
    say(name === 'heap' ? 'heap MB' : name, first[name].toFixed(digits), last[name].toFixed(digits));
  }
  say(`heap MB an hour, of ${looks.length} looks`, (slopeWithin(looks) * 3600).toFixed(3), '< 0.1');
}

/** By least squares, each look beside those a whole period away. */
function slopeWithin(looks: readonly Look[]): number {
  const alike = Map.groupBy(looks, ({ at: second }) => second % periodS);
  let [over, under] = [0, 0];
  for (const group of alike.values()) {
    const middle = group.reduce((sum, { at: second }) => sum + second, 0) / group.length;
    const mean = group.reduce((sum, { heap }) => sum + heap, 0) / group.length;
    for (const { at: second, heap } of group) {
      over += (second - middle) * (heap - mean);
      under += (second - middle) ** 2;
    }
  }
  return over / under;
}

/**
 * @returns CPU time that the threads of all pages have taken since, ms: one page is open
 * @throws {Error} where it is not told: 0 would be within every target
 */
async function pageThreadCpu(browser: Browser): Promise<() => number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const pages = processInfo.filter(({ type }) => type === 'renderer');
  const before = pages.flatMap(({ id }) => {
    const ms = mainThreadCpuMs(id);
    return ms === undefined ? [] : [[id, ms] as const];
  });
  if (before.length === 0)
    throw new Error("the CPU time of a page's thread is read from /proc/*/task/*/schedstat: needs Linux");
  // One that ends meanwhile was no page that is measured.
  return () => before.reduce((sum, [id, ms]) => sum + Math.max(0, (mainThreadCpuMs(id) ?? ms) - ms), 0);
}

/** Undefined of a process that has ended, and on another system. */
function mainThreadCpuMs(process: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${process}/task/${process}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return undefined;
  }
}

async function metric(session: CDPSession, name: string): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find((one) => one.name === name)?.value ?? NaN;
}
