import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Plugin } from './plugin.ts';
import { builtinPlugins } from './registry.ts';
import { collect, fixtureHosts } from './testing.ts';

/** What others answer is for the plugins' own tests. */
const hostPlugins = builtinPlugins.filter(({ background }) => !background);

/** Each plugin's `testdata/<case>/expected.json`: the samples of each scrape. */
const cases = hostPlugins.flatMap((plugin) => {
  const folder = new URL(`./${plugin.name}/testdata/`, import.meta.url);
  return readdirSync(folder).map((name): [plugin: string, name: string, Plugin, URL] => [
    plugin.name,
    name,
    plugin,
    new URL(`${name}/`, folder),
  ]);
});

describe('captured files', () => {
  test.each(cases)('%s makes of %s what is expected', async (_, __, plugin, folder) => {
    const expected: unknown = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8'));
    expect(await collect(plugin, fixtureHosts(folder))).toEqual(expected);
  });

  test('every plugin of the host has some', () => {
    expect(new Set(cases.map(([plugin]) => plugin)).size).toBe(hostPlugins.length);
  });
});
