/** Clients that mean harm, on a real socket, at the limits that the collector serves with. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hono } from 'hono';
import { afterAll, expect, test } from 'vitest';
import { testBatch } from '../ingest/testing.ts';
import type { AppEnv } from './app-env.ts';
import { createGuards } from './guards.ts';
import { listen } from './listen.ts';
import { createStatic } from './static.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
const folder = await mkdtemp(join(tmpdir(), 'tarsier-static-'));
await mkdir(join(folder, 'web'));
await writeFile(join(folder, 'web', 'index.html'), '<!doctype html><title>Tarsier</title>');
await writeFile(join(folder, 'secret.txt'), 'nobody may read this');
await symlink(join(folder, 'secret.txt'), join(folder, 'web', 'link.txt'));
const page = await createStatic(join(folder, 'web'));
const app = new Hono<AppEnv>()
  .use(createGuards({ secure: true }))
  .post('/v1/echo', async (c) => c.text(String((await c.req.arrayBuffer()).byteLength)))
  .get('*', (c, next) => page(c) ?? next());
const web = await listen(
  app.fetch,
  { host: '127.0.0.1', port: 0 },
  {
    tls: undefined,
    maxMessageBytes: 1_000,
    times: { keepAliveMs: 500, headersMs: 500, requestMs: 1_000, checkMs: 100 },
  },
);
const address = web.address();
const port = typeof address === 'object' && address !== null ? address.port : 0;
afterAll(async () => {
  web.close();
  await server.close();
  await rm(folder, { recursive: true });
});

/** Sends as written, and hears what comes until the other side has had enough. */
function speak(to: number, text: string, { every, of }: { every?: number; of?: string } = {}): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect(to, '127.0.0.1', () => socket.write(text));
    const drip = every === undefined ? undefined : setInterval(() => socket.write(of ?? 'x'), every);
    socket.on('data', (data) => (heard += data.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(drip);
      resolve(heard);
    });
  });
}
const apiPort = Number(new URL(server.url).port);
const key = await server.key('hostile', 'admin');
const call = async (method: string, path: string, body?: string) => {
  const response = await fetch(server.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
};

test('who sends its headers a byte at a time is cut off', async () => {
  expect(await speak(port, 'GET / HTTP/1.1\r\nhost: a\r\nx-slow: ', { every: 50 })).toMatch(/^(?:HTTP\/1\.1 408|$)/u);
});

test('who sends its body a byte at a time is cut off', async () => {
  const head = 'POST /v1/echo HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n';
  expect(await speak(port, head, { every: 50 })).not.toContain('200 OK');
});

test('who says nothing is cut off', async () => {
  expect(await speak(port, '')).toMatch(/^(?:HTTP\/1\.1 408|$)/u);
});

test('headers that are too large are refused', async () => {
  const heard = await speak(port, `GET / HTTP/1.1\r\nhost: a\r\nx-large: ${'x'.repeat(20_000)}\r\n\r\n`);
  expect(heard).toMatch(/^HTTP\/1\.1 431/u);
});

test.each([
  ['two lengths', 'content-length: 1\r\ncontent-length: 2\r\n'],
  ['a length and chunks', 'content-length: 1\r\ntransfer-encoding: chunked\r\n'],
  ['a length that is none', 'content-length: -1\r\n'],
  ['a line break in a header', 'x-a: b\rx-c: d\r\n'],
])('a request with %s is refused: what one server takes for a body another takes for a request', async (_, headers) => {
  const heard = await speak(port, `POST /v1/echo HTTP/1.1\r\nhost: a\r\n${headers}\r\n0\r\n\r\n`);
  expect(heard).toMatch(/^HTTP\/1\.1 400/u);
});

test('a body that says it is too large is refused unread, one that becomes too large as it does', async () => {
  const head = (more: string): string =>
    `POST /v1/silences HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\nconnection: close\r\n${more}\r\n\r\n`;
  expect(await speak(apiPort, head('content-length: 999999999999'))).toMatch(/^HTTP\/1\.1 413/u);
  const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
  expect(await speak(apiPort, `${head('transfer-encoding: chunked')}${chunk.repeat(5)}0\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 413/u,
  );
});

test.each([
  '/../secret.txt',
  '/..%2fsecret.txt',
  '/%2e%2e/secret.txt',
  '/%2e%2e%2fsecret.txt',
  '/..%5csecret.txt',
  '/....//secret.txt',
  '/assets/../../secret.txt',
  '/%252e%252e%252fsecret.txt',
  '/..;/secret.txt',
  '/.%00./secret.txt',
  '//etc/passwd',
  '/etc/passwd%00.html',
  '/link.txt',
])('no file but those of the page is to be had: %s', async (path) => {
  const heard = await speak(port, `GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
  expect(heard).toMatch(/^HTTP\/1\.1 (?:200|400|404)/u);
  expect(heard).not.toMatch(/nobody may read this|root:/u);
});

test('pages and answers say what browsers may do with them', async () => {
  const asked = await fetch(`http://127.0.0.1:${port}/`);
  const policy = asked.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe-(?:inline|eval)|\*/u);
  expect(Object.fromEntries(asked.headers)).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'x-frame-options': 'SAMEORIGIN',
    'strict-transport-security': 'max-age=31536000',
  });
  for (const path of ['/v1/hosts', '/v1/nothing', '/healthz', '/runbooks', '/v1/docs', '/v1/openapi.json']) {
    const { headers } = await call('GET', path);
    expect(headers.get('content-security-policy'), path).toContain("default-src 'none'");
    expect(headers.get('content-security-policy'), path).not.toContain('unsafe-eval');
    expect(headers.get('x-content-type-options'), path).toBe('nosniff');
    expect(headers.get('x-powered-by'), path).toBe(null);
    expect(headers.get('server'), path).toBe(null);
  }
});

test.each([
  '{"__proto__":{"polluted":1},"matchers":["host=\\"a\\""],"endsAt":99999999999999}',
  '{"constructor":{"prototype":{"polluted":1}},"matchers":["host=\\"a\\""],"endsAt":99999999999999}',
  '{"matchers":["__proto__=\\"a\\""],"endsAt":99999999999999,"__proto__":{"admin":true}}',
])('JSON that means to change what all objects have changes nothing: %s', async (body) => {
  const { status, text } = await call('POST', '/v1/silences', body);
  expect([201, 400]).toContain(status);
  expect(({} as Record<string, unknown>)['polluted']).toBe(undefined);
  expect(({} as Record<string, unknown>)['admin']).toBe(undefined);
  expect(Object.keys(JSON.parse(text) as object)).not.toContain('polluted');
});

test('series and labels may be called like what all objects have', async () => {
  const endMs = Math.floor(Date.now() / 1000) * 1000;
  await server.ingest(key, testBatch({ endMs, host: '__proto__' }));
  const lines = ['constructor{__proto__="x",toString="y"} 1', 'hasOwnProperty{constructor="z"} 2'].join('\n');
  const sent = await fetch(`${server.url}/v1/import/prometheus`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'text/plain' },
    body: `${lines}\n`,
  });
  expect(sent.status).toBeLessThan(300);
  expect((await call('GET', '/v1/hosts')).text).toContain('"host":"__proto__"');
  const { text } = await call(
    'GET',
    `/prometheus/api/v1/query?query=${encodeURIComponent('{__name__=~"constructor|hasOwnProperty"}')}`,
  );
  expect(text).toContain('"toString":"y"');
  expect(({} as Record<string, unknown>)['toString']).toBe(Object.prototype.toString);
});

test.each([
  '{host=~"(a+)+$"}',
  '{host=~"(a|a)*b"}',
  '{host=~"(.*)*c"}',
  '{host!~"([a-z]+)*1"}',
  '{host=~"(x+x+)+y"}',
  'label_replace(up, "a", "$1", "host", "(a+)+b")',
])('no expression takes longer than the text that it looks through: %s', async (query) => {
  await server.ingest(key, testBatch({ endMs: Math.floor(Date.now() / 1000) * 1000 - 20_000, host: 'a'.repeat(120) }));
  const before = process.cpuUsage();
  for (const path of ['/prometheus/api/v1/query?query=', '/v1/series?query=']) {
    const { status } = await call('GET', path + encodeURIComponent(query));
    expect([200, 400]).toContain(status);
  }
  const { user } = process.cpuUsage(before);
  // Backtracking would take longer than the universe has been there.
  expect(user).toBeLessThan(5_000_000);
});
