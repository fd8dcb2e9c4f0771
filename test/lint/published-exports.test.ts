import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';

const packages = new URL('../../packages/', import.meta.url);
const built = z.record(z.string(), z.strictObject({ types: z.string(), default: z.string() }));
const manifest = z.object({
  exports: z.record(z.string(), z.object({ 'tarsier-built': built.valueType, default: z.string() })),
  publishConfig: z.object({ exports: built }),
});

const published = readdirSync(packages).flatMap((name) => {
  const { data } = manifest.safeParse(JSON.parse(readFileSync(new URL(`${name}/package.json`, packages), 'utf8')));
  return data === undefined ? [] : [{ name, ...data }];
});

test.each(published)('whoever installs $name can import what the workspace can', ({ exports, publishConfig }) => {
  const fromBuild = Object.fromEntries(
    Object.entries(exports).map(([path, target]) => [path, target['tarsier-built']]),
  );
  expect(publishConfig.exports).toEqual(fromBuild);
  for (const [path, target] of Object.entries(exports)) {
    const source = target.default.replace('./src/', './dist/').replace(/\.ts$/u, '.js');
    expect(target['tarsier-built'].default, path).toBe(source);
  }
});

test('three packages are published with exports', () => {
  expect(published.map(({ name }) => name)).toEqual(['agent', 'plugins', 'protocol']);
});
