import { gzipSync } from 'node:zlib';
import { HttpError, InfluxDB, Point, setLogger } from '@influxdata/influxdb-client';
import { afterAll, expect, test } from 'vitest';
import type { Storage } from '../../storage/storage.ts';
import { startDoorServer } from './testing.ts';

const server = await startDoorServer();
afterAll(() => server.close());
// A little ago: a query now does not see what is later.
const now = Math.floor(Date.now() / 1000 - 30) * 1000;

interface Answer {
  readonly status: number;
  readonly code?: unknown;
  readonly message?: unknown;
}

async function write(
  path: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Token ${server.sender}`, ...headers },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  const { status } = response;
  return status === 204 ? { status } : { status, ...((await response.json()) as object) };
}

test('the official client writes points of every type, compressed or not', async () => {
  for (const gzipThreshold of [0, 1_000_000]) {
    const client = new InfluxDB({ url: server.url, token: server.sender });
    const defaultTags = { host: `box-${gzipThreshold}` };
    const api = client.getWriteApi('org', 'bucket', 'ms', { gzipThreshold, defaultTags });
    api.writePoints([
      new Point('official')
        .tag('room', 'k, =x')
        .floatField('temperature', 21.5)
        .intField('n', -3)
        .timestamp(now - 1000),
      new Point('official').uintField('n', 4).booleanField('on', true).stringField('note', 'a "b"').timestamp(now),
    ]);
    await api.close();
  }
  expect(await server.samples('{__name__=~"official.*",host="box-0"}')).toEqual({
    'official_temperature{host=box-0,room=k, =x}': [[now - 1000, '21.5']],
    'official_n{host=box-0,room=k, =x}': [[now - 1000, '-3']],
    'official_n{host=box-0}': [[now, '4']],
    'official_on{host=box-0}': [[now, '1']],
  });
  expect(Object.keys(await server.samples('{__name__=~"official.*",host="box-1000000"}'))).toHaveLength(4);
});

test('the official client is told what is wrong with a line', async () => {
  const client = new InfluxDB({ url: server.url, token: server.sender });
  // It would print what it is told.
  setLogger({ error() {}, warn() {} });
  const api = client.getWriteApi('org', 'bucket');
  api.writeRecord('no fields');
  const refused: unknown = await api.close().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(HttpError);
  expect(refused).toMatchObject({
    statusCode: 400,
    code: 'invalid',
    message: expect.stringContaining('line 1, column'),
  });
});

test.each([
  ['/write?db=telegraf', `v1 a=1 ${now}000000`],
  ['/write?precision=u', `v1 a=1 ${now}000`],
  ['/write?precision=ms', `v1 a=1 ${now}`],
  ['/api/v2/write?org=o&bucket=b&precision=s', `v1 a=1 ${now / 1000}`],
])('%s takes times of its precision', async (path, line) => {
  const host = encodeURIComponent(path);
  expect(await write(`${path}&host=${host}`, line)).toEqual({ status: 204 });
  expect(await server.samples(`v1_a{host="${path}"}`)).toEqual({ [`v1_a{host=${path}}`]: [[now, '1']] });
});

test('a key comes as a token, as a password, or in the address', async () => {
  const line = `keys a=1 ${now}000000`;
  const key = server.sender;
  const basic = `Basic ${Buffer.from(`telegraf:${key}`).toString('base64')}`;
  for (const authorization of [`Token ${key}`, `Token telegraf:${key}`, `Bearer ${key}`, basic]) {
    expect(await write('/write', line, { authorization }), authorization).toEqual({ status: 204 });
  }
  const inAddress = await fetch(`${server.url}/write?u=telegraf&p=${key}`, { method: 'POST', body: line });
  expect(inAddress.status).toBe(204);
  expect(await write('/write', line, { authorization: 'Token tsr_other' })).toMatchObject({
    status: 401,
    code: 'unauthorized',
  });
  const reader = await server.key('default', 'read');
  expect(await write('/write', line, { authorization: `Token ${reader}` })).toMatchObject({ status: 403 });
});

test('what can be read is stored, and what can not is told: 422 to version 2, 400 to version 1', async () => {
  const lines = (name: string): string => `${name} a=1 ${now}000000\n${name} a=\n${name} a=2 1000000`;
  const message = expect.stringMatching(
    /^1 lines not read \(line 2, column 13: .*\), 1 points not taken \(.*got 1970-.*\), 1 points stored$/u,
  );
  expect(await write('/api/v2/write', lines('partly_v2'))).toMatchObject({ status: 422, message });
  expect(await write('/write', lines('partly_v1'))).toMatchObject({ status: 400, message, error: message });
  expect(Object.values(await server.samples('{__name__=~"partly_v._a"}'))).toEqual([[[now, '1']], [[now, '1']]]);
});

test.each<[string, string, string | Uint8Array, Readonly<Record<string, string>>, number]>([
  ['no line that can be read', '/api/v2/write', 'hello\nworld', {}, 400],
  ['no text', '/api/v2/write', Uint8Array.of(0xff, 0xfe, 0x80), {}, 400],
  ['no gzip', '/api/v2/write', 'm a=1', { 'content-encoding': 'gzip' }, 400],
  ['an encoding that is not known', '/api/v2/write', 'm a=1', { 'content-encoding': 'br' }, 415],
  ['a bomb', '/api/v2/write', gzipSync(new Uint8Array(80 * 1024 * 1024)), { 'content-encoding': 'gzip' }, 413],
  ['another precision', '/api/v2/write?precision=y', 'm a=1', {}, 400],
  ['a host that is none', '/write?host=%0a', 'm a=1', {}, 400],
])('%s is refused', async (_, path, body, headers, status) => {
  expect((await write(path, body, headers)).status).toBe(status);
});

test('nothing to write is written', async () => {
  expect(await write('/api/v2/write', '')).toEqual({ status: 204 });
  expect(await write('/api/v2/write', '# only a comment\n')).toEqual({ status: 204 });
});

test('clients that look first find a server that is well, and a query is refused with a sentence', async () => {
  const ping = await fetch(`${server.url}/ping`, { method: 'HEAD' });
  expect([ping.status, ping.headers.get('x-influxdb-version')]).toEqual([204, '2.7.0']);
  expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({ status: 'pass' });
  const query = await fetch(`${server.url}/query?q=SHOW+DATABASES`);
  expect([query.status, await query.json()]).toMatchObject([404, { message: expect.stringContaining('PromQL') }]);
});

test('while the database is away clients are told to come again', async () => {
  const fails = <T extends object>(room: T): T =>
    new Proxy(room, {
      get: (target, name) =>
        name === 'insert' ? () => Promise.reject(new Error('connection refused')) : Reflect.get(target, name),
    });
  const broken = await startDoorServer((storage): Storage => ({ ...storage, batches: fails(storage.batches) }));
  const response = await fetch(`${broken.url}/api/v2/write`, {
    method: 'POST',
    headers: { authorization: `Token ${broken.sender}` },
    body: 'm a=1',
  });
  await broken.close();
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
  expect(await response.json()).toMatchObject({ code: 'unavailable' });
});
