import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createHost, createScrapeOutput, definePlugin, type Plugin, type ScrapeOutput } from '@tarsier/plugins';
import { seriesSignature } from '@tarsier/protocol';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { isolatePlugin } from './isolate.ts';

/** What a plugin does at each scrape is given as source text, since its thread reads a module of its own. */
function isolated(scrape: string, heapMib?: number) {
  const folder = mkdtempSync(join(tmpdir(), 'tarsier-isolate-'));
  const file = join(folder, 'it.ts');
  writeFileSync(
    file,
    `import { definePlugin } from '@tarsier/plugins';
    import { z } from 'zod';
    let turn = 0;
    export const it = definePlugin({
      name: 'it', summary: 'A plugin of a test.', dynamic: true, metrics: {},
      config: z.object({ start: z.number().default(0) }),
      create: ({ config, host, warn }) => ({ async scrape(out) { turn++; ${scrape} } }),
    });`,
  );
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const description = definePlugin({
    name: 'it',
    summary: 'A plugin of a test.',
    dynamic: true,
    metrics: {},
    config: z.object({ start: z.number().default(0) }),
    create: () => expect.unreachable('it runs in its thread alone'),
  });
  const limits = heapMib === undefined ? {} : { heapMib };
  const plugin = isolatePlugin({ plugin: description, url: pathToFileURL(file).href }, folder, limits);
  const host = createHost();
  const instance = plugin.open({ start: 5 }, { host, warn });
  onTestFinished(async () => {
    await instance.close?.();
    host.close();
    rmSync(folder, { recursive: true });
  });
  const out = createScrapeOutput(plugin);
  return { out, warnings, scrape: (withinMs = 30_000) => measured(instance, out, withinMs) };
}

async function measured(
  instance: ReturnType<Plugin['open']>,
  out: ScrapeOutput & ReturnType<typeof createScrapeOutput>,
  withinMs: number,
): Promise<Record<string, number>> {
  out.begin();
  await instance.scrape(out, AbortSignal.timeout(withinMs));
  return Object.fromEntries(
    out.seriesList.flatMap((series, handle) =>
      out.present[handle] === 1 ? [[seriesSignature(series), out.values[handle] ?? Number.NaN]] : [],
    ),
  );
}

const gauge = `out.declare('it_value', { kind: 'gauge', unit: '', help: 'A value.' });`;

test('samples, settings, warnings and new series come through from the thread', async () => {
  const { scrape, warnings } = isolated(`${gauge}
    if (turn === 2) { out.gauge('it_value', 2, { of: 'late' }); warn('second'); }
    out.gauge('it_value', config.start + turn, { of: 'start' });`);
  expect(await scrape()).toEqual({ 'it_value{of="start"}': 6 });
  expect(await scrape()).toEqual({ 'it_value{of="start"}': 7, 'it_value{of="late"}': 2 });
  expect(await scrape()).toEqual({ 'it_value{of="start"}': 8 });
  expect(warnings).toEqual(['second']);
});

test('a plugin that blocks in a loop without end is ended in time, and begins anew', async () => {
  const { scrape } = isolated(`${gauge} if (turn === 2) for (;;); out.gauge('it_value', turn);`);
  expect(await scrape()).toEqual({ it_value: 1 });
  await expect(scrape(500)).rejects.toThrow('the plugin was stopped');
  expect(await scrape()).toEqual({ it_value: 1 });
});

test('one that throws says why; one that throws where nobody can catch it, or exits, begins anew', async () => {
  const { scrape } = isolated(`${gauge}
    if (turn === 1) throw new Error('not today');
    if (turn === 2) { setTimeout(() => { throw new Error('out of the blue'); }); await new Promise(() => {}); }
    if (turn === 3) process.exit(3);
    out.gauge('it_value', turn);`);
  await expect(scrape()).rejects.toThrow('not today');
  await expect(scrape()).rejects.toThrow('out of the blue');
  await expect(scrape()).rejects.toThrow('not today');
});

test.each([
  ['throws in a timer', "throw new Error('out of the blue')", 'out of the blue'],
  ['lets go of a promise', "void Promise.reject(new Error('let go'))", 'let go'],
  ['exits', 'process.exit(3)', "the plugin's thread ended with code 3"],
])('one that %s between two scrapes fails the next one with that, and begins anew', async (_, crash, why) => {
  const { scrape } = isolated(`${gauge}
    if (turn === 2) setTimeout(() => { ${crash}; });
    out.gauge('it_value', turn);`);
  const gone = new Promise((resolve) => {
    process.once('worker', (thread) => thread.once('exit', resolve));
  });
  expect(await scrape()).toEqual({ it_value: 1 });
  expect(await scrape()).toEqual({ it_value: 2 });
  await gone;
  await expect(scrape()).rejects.toThrow(why);
  expect(await scrape()).toEqual({ it_value: 1 });
});

test('one that leaks is ended at its limit of memory, and the agent lives on', async () => {
  const { scrape } = isolated(
    // A leak faster than V8 can end the thread takes the whole process along.
    `${gauge} if (turn === 2) {
      const kept = [];
      for (;;) {
        kept.push(new Array(1000).fill(turn));
        if (kept.length % 20 === 0) await new Promise(setImmediate);
      }
    }
    out.gauge('it_value', turn);`,
    // Room for the thread's own start, which needs up to 16 MiB.
    48,
  );
  expect(await scrape()).toEqual({ it_value: 1 });
  await expect(scrape()).rejects.toThrow(/memory/u);
  expect(await scrape()).toEqual({ it_value: 1 });
});
