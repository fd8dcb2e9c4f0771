import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'vite';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { readElements, webFiles } from '../../scripts/web-manifest.ts';
import { webFolder, webRoot } from '../../scripts/web.ts';

const modules = join(webRoot, 'modules');
const folder = mkdtempSync(join(tmpdir(), 'tarsier-web-package-'));
afterAll(() => rmSync(folder, { recursive: true }));

const elements = readElements();
const short = (tag: string): string => tag.replace('tarsier-', '');

test.each([...webFiles()])(
  '%s says what the doc tags of the elements say (pnpm generate:web writes it)',
  (path, text) => {
    expect(readFileSync(webFolder + path, 'utf8')).toBe(text);
  },
);

test('each element is a module of its own, as the package says, and its class another one', () => {
  const { exports } = z
    .object({ publishConfig: z.object({ exports: z.record(z.string(), z.unknown()) }) })
    .parse(JSON.parse(readFileSync(`${webFolder}package.json`, 'utf8'))).publishConfig;
  expect(Object.keys(exports)).toEqual(['.', './custom-elements.json', './react', './elements/*', './*']);
  const names = elements.map(({ tag }) => short(tag)).filter((name) => name !== 'provider');
  for (const name of names) expect(existsSync(join(modules, `${name}.js`)), name).toBe(true);
  for (const name of [...names, 'provider']) expect(existsSync(join(modules, `elements/${name}.js`)), name).toBe(true);
  for (const name of ['tarsier', 'react', 'de']) expect(existsSync(join(modules, `${name}.js`)), name).toBe(true);
});

test('a server imports every module, and the classes have the attributes and properties that the manifest tells', async () => {
  const entries = ['', 'elements/'].flatMap((below) =>
    readdirSync(join(modules, below))
      .filter((file) => file.endsWith('.js') && !/-[\w-]{8}\.js$/u.test(file))
      .map((file) => join(modules, below, file)),
  );
  const script = join(folder, 'import.mjs');
  writeFileSync(
    script,
    `if ('window' in globalThis || 'document' in globalThis) throw new Error('this is no server');
    const found = {};
    for (const path of ${JSON.stringify(entries)}) {
      for (const [name, element] of Object.entries(await import(path))) {
        if (!element?.elementProperties) continue;
        const attributes = [...element.elementProperties].filter(([, { state }]) => !state)
          .map(([property, { attribute }]) => [String(property), attribute === false ? null : typeof attribute === 'string' ? attribute : String(property).toLowerCase()]);
        found[name] = Object.fromEntries(attributes);
      }
    }
    console.log(JSON.stringify(found));`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  const found: unknown = JSON.parse(stdout);
  const told = Object.fromEntries(
    elements.map(({ className, properties }) => [
      className,
      Object.fromEntries(properties.map(({ name, attribute }) => [name, attribute ?? null])),
    ]),
  );
  expect(found).toMatchObject(told);
});

test('events and parts that an element has are told, and the other way round', () => {
  for (const { tag, events, parts } of elements) {
    const own = join(webFolder, 'src/elements', tag);
    const text = readdirSync(own)
      .filter((file) => !file.includes('.test.'))
      .map((file) => readFileSync(join(own, file), 'utf8').replace(/\/\*\*[\s\S]*?\*\//gu, ''))
      .join('\n');
    const used = new Set([...text.matchAll(/\bpart="([^"$]+)"/gu)].flatMap(([, names = '']) => names.split(' ')));
    const toldParts = parts.map(({ name }) => name);
    if (!/extends ResultElement/u.test(text)) expect([...used].toSorted(), tag).toEqual(toldParts.toSorted());
    for (const [, event = ''] of text.matchAll(/(?:CustomEvent|#fire)\(\s*'(tarsier-[\w-]+)'/gu)) {
      expect(
        events.map(({ name }) => name),
        `${tag} fires ${event}`,
      ).toContain(event);
    }
  }
});

test('whoever takes one class gets what it needs and no more: no drawing library with a number, nothing registered', async () => {
  writeFileSync(
    join(folder, 'one.js'),
    `import { TarsierStat } from '${join(modules, 'elements/stat.js')}';\nglobalThis.kept = TarsierStat;\n`,
  );
  const built = await build({
    configFile: false,
    logLevel: 'error',
    root: folder,
    build: { write: false, modulePreload: false, minify: false, rolldownOptions: { input: join(folder, 'one.js') } },
  });
  const [{ output }] = (Array.isArray(built) ? built : [built]) as [
    { readonly output: readonly { readonly code?: string }[] },
  ];
  const code = output.map((one) => one.code ?? '').join('\n');
  expect(code).toContain('TarsierStat');
  expect(code).not.toMatch(/uPlot|TarsierChart/u);
});
