import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { afterAll, expect, test } from 'vitest';
import type { AppEnv } from './app-env.ts';
import { createStatic } from './static.ts';

const root = await mkdtemp(join(tmpdir(), 'tarsier-static-'));
const script = 'export const answer = 42;\n'.repeat(100);
await mkdir(join(root, 'assets'));
await writeFile(join(root, 'index.html'), '<!doctype html><title>Tarsier</title>');
await writeFile(join(root, 'assets', 'index-1.js'), script);
await writeFile(join(root, 'assets', 'eyes-1.png'), script);
const page = await createStatic(root);
const app = new Hono<AppEnv>().get('*', (c, next) => page(c) ?? next());
afterAll(() => rm(root, { recursive: true }));

async function ask(path: string, headers: Readonly<Record<string, string>>) {
  const response = await app.request(path, { headers });
  const { headers: answered } = response;
  const [encoding, etag, vary] = ['content-encoding', 'etag', 'vary'].map((name) => answered.get(name));
  return { status: response.status, encoding, etag, vary, bytes: new Uint8Array(await response.arrayBuffer()) };
}

test.each([
  ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
  ['gzip, deflate', 'gzip', gunzipSync],
  ['identity', null, (bytes: Uint8Array) => bytes],
])('a browser that takes %s gets a script as %s', async (accepted, expected, decompress) => {
  const { encoding, vary, bytes } = await ask('/assets/index-1.js', { 'accept-encoding': accepted });
  expect([encoding, vary]).toEqual([expected, 'accept-encoding']);
  expect(new TextDecoder().decode(decompress(bytes))).toBe(script);
  if (expected !== null) expect(bytes.length).toBeLessThan(script.length / 10);
});

test('what a browser has is not sent again; compressed it is not the same as plain', async () => {
  const gzip = { 'accept-encoding': 'gzip' };
  const [zipped, plain] = await Promise.all([ask('/assets/index-1.js', gzip), ask('/assets/index-1.js', {})]);
  expect(zipped.etag).not.toBe(plain.etag);
  const again = await ask('/assets/index-1.js', { ...gzip, 'if-none-match': zipped.etag ?? '' });
  expect([again.status, again.etag, again.bytes.length]).toEqual([304, zipped.etag, 0]);
});

test.each(['/assets/eyes-1.png', '/index.html'])('%s gains nothing by it, and is sent as it is', async (path) => {
  const { encoding, vary } = await ask(path, { 'accept-encoding': 'gzip, br' });
  expect([encoding, vary]).toEqual([null, null]);
});
