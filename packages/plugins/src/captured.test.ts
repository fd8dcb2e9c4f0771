import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Plugin } from './plugin.ts';
import { builtinPlugins } from './registry.ts';
import { collect, fixtureHosts } from './testing.ts';

/** Each plugin's `testdata/<case>/expected.json`: the samples of each scrape. */
const cases = builtinPlugins.flatMap((plugin) => {
  const folder = new URL(`./${plugin.name}/testdata/`, import.meta.url);
  return (existsSync(folder) ? readdirSync(folder) : [])
    .map((name): [plugin: string, name: string, Plugin, URL] => [
      plugin.name,
      name,
      plugin,
      new URL(`${name}/`, folder),
    ])
    .filter(([, , , testCase]) => existsSync(new URL('expected.json', testCase)));
});

describe('captured files', () => {
  test.each(cases)('%s makes of %s what is expected', async (_, __, plugin, folder) => {
    const expected: unknown = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8'));
    expect(await collect(plugin, fixtureHosts(folder))).toEqual(expected);
  });

  test('every plugin has some, or a test of its own', () => {
    const covered = new Set(cases.map(([plugin]) => plugin));
    const untested = builtinPlugins.filter(
      ({ name }) => !covered.has(name) && !existsSync(new URL(`./${name}/${name}.test.ts`, import.meta.url)),
    );
    expect(untested.map(({ name }) => name)).toEqual([]);
  });
});
