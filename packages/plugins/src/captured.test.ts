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

  test('every plugin that reads the host has some', () => {
    // What servers and programs answer is for the plugins' own tests.
    const hostPlugins = builtinPlugins.filter(({ background, dynamic }) => !background && !dynamic);
    expect([...new Set(cases.map(([plugin]) => plugin))]).toEqual(
      expect.arrayContaining(hostPlugins.map(({ name }) => name)),
    );
  });
});
