import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const source = (name: string): string => `
  import { definePlugin } from '@tarsier/plugins';
  import { z } from 'zod';
  const answer: number = 42;
  export const it = definePlugin({
    name: '${name}', summary: 'A plugin of a test.', config: z.object({}),
    metrics: { test_answer: { kind: 'gauge', unit: '', help: 'The answer.' } },
    create: () => ({ scrape: (out) => out.gauge('test_answer', answer) }),
  });
  export default it;`;

interface Loaded {
  readonly name?: string;
  readonly apiVersion?: number;
  readonly url?: string;
  readonly error?: string;
}

/** In a Node.js of its own: the test runner has its own way to import. */
async function load(folder: string, specifiers: readonly string[]): Promise<Loaded[]> {
  const script = `
    import { loadPlugins } from ${JSON.stringify(new URL('load.ts', import.meta.url).href)};
    const [folder, ...specifiers] = process.argv.slice(1);
    const loaded = [];
    for (const specifier of specifiers) {
      try {
        for (const { plugin, url } of await loadPlugins(specifier, folder))
          loaded.push({ name: plugin.name, apiVersion: plugin.apiVersion, url });
      } catch (error) {
        loaded.push({ error: error.message });
      }
    }
    console.log(JSON.stringify(loaded));`;
  const args = ['--input-type=module', '-e', script, folder, ...specifiers];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Loaded[];
}

test('one TypeScript file, alone in a folder, is a plugin', async () => {
  const folder = folderWith({ 'mine.ts': source('mine') });
  const [loaded, ...others] = await load(folder, ['./mine.ts']);
  expect([loaded?.name, loaded?.apiVersion, others]).toEqual(['mine', 1, []]);
  expect(loaded?.url).toContain('/mine.ts?at=');
});

test('a package is looked up from the settings file, and may only offer itself to import', async () => {
  const folder = folderWith({
    'node_modules/@acme/tarsier-thing/package.json': JSON.stringify({
      name: '@acme/tarsier-thing',
      type: 'module',
      exports: { '.': { import: './main.js' } },
    }),
    'node_modules/@acme/tarsier-thing/main.js': source('thing').replace(': number', ''),
  });
  const [loaded] = await load(folder, ['@acme/tarsier-thing']);
  expect(loaded?.name).toBe('thing');
  expect(loaded?.url).toMatch(/^file:.*\/@acme\/tarsier-thing\/main\.js$/u);
});

test('what can not be a plugin is refused with a sentence that says what to do', async () => {
  const cases: readonly (readonly [specifier: string, text: string | undefined, message: string])[] = [
    ['./none.ts', undefined, './none.ts: there is no such file ('],
    ['@acme/none', undefined, '@acme/none: the package is not installed in /'],
    ['./one.ts', 'export const it = 1;', 'expected it to export a plugin made with definePlugin, got it (number 1)'],
    ['./nothing.ts', 'export {};', 'made with definePlugin, got no exports'],
    ['./syntax.ts', 'const = ;', './syntax.ts: could not be loaded'],
    ['./needs.ts', `import 'no-such-package';`, './needs.ts: could not be loaded'],
    ['./throws.ts', `throw new Error('no');`, './throws.ts: could not be loaded'],
    [
      './next.ts',
      `export const it = { apiVersion: 99, name: 'next', open() {} };`,
      'the plugin next is written for version 99 of the plugin contract, this agent knows 1: update the agent',
    ],
    [
      './old.ts',
      `export const it = { apiVersion: 0, name: 'old', open() {} };`,
      'the plugin old is written for version 0 of the plugin contract, this agent needs 1 or later: update the plugin',
    ],
  ];
  const files = cases.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]]));
  const loaded = await load(
    folderWith(Object.fromEntries(files)),
    cases.map(([specifier]) => specifier),
  );
  expect(loaded.map(({ error }) => error)).toEqual(cases.map(([, , message]) => expect.stringContaining(message)));
});

test('a plugin whose metrics can not be shipped is refused by the field, before it measures anything', async () => {
  const cases: readonly (readonly [changes: string, message: string])[] = [
    [`metrics: undefined`, 'metrics: expected an object, got nothing'],
    [
      `metrics: { 'queue-length': { kind: 'gauge', unit: '', help: 'Length.' } }`,
      'metrics.queue-length: expected the name of a metric: [a-zA-Z_:][a-zA-Z0-9_:]*, got string "queue-length"',
    ],
    [
      `metrics: { queue: { kind: 'histogram', unit: '', help: 'Length.' } }`,
      'metrics.queue.kind: expected one of gauge, counter, got string "histogram"',
    ],
  ];
  const files = cases.map(([changes], index): [string, string] => [
    `./${index}.js`,
    `import { definePlugin } from '@tarsier/plugins';
     import { z } from 'zod';
     export const it = definePlugin({
       name: 'it', summary: 'A plugin of a test.', config: z.object({}), metrics: {}, create: () => ({ scrape() {} }),
       ${changes},
     });`,
  ]);
  const loaded = await load(
    folderWith(Object.fromEntries(files)),
    files.map(([file]) => file),
  );
  expect(loaded.map(({ error }) => error)).toEqual(
    cases.map(([, message], index) => `./${index}.js: the plugin it: ${message}`),
  );
});

test('a plugin with another name, unit or help than it should have is loaded', async () => {
  const unitless = source('unitless').replace("unit: ''", 'unit: null').replace("'The answer.'", '7');
  const names = ['My_Mine', '2fa', 'node.js', 'unitless'];
  const folder = folderWith(
    Object.fromEntries(names.map((name) => [`${name}.ts`, name === 'unitless' ? unitless : source(name)])),
  );
  const loaded = await load(
    folder,
    names.map((name) => `./${name}.ts`),
  );
  expect(loaded.map(({ name }) => name)).toEqual(names);
});

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tarsier-plugin-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}
