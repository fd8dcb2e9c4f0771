import { request } from 'node:http';
import { decodeEnvelope, encodeEnvelope, encodePayload, encodeSchema, maxBatchBytes } from '@tarsier/protocol';
import { schemaHash, zstdCompress } from '@tarsier/protocol/zstd';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { testBatch } from '../ingest/testing.ts';
import type { Storage } from '../storage/storage.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const key = await server.key('default', 'ingest');
const reader = await server.key('default', 'read');

interface Answer {
  readonly status: number;
  readonly code?: unknown;
  readonly field?: unknown;
  readonly retryable?: unknown;
}

async function answer(responding: Promise<Response>): Promise<Answer> {
  const response = await responding;
  const { status } = response;
  if (status === 204) return { status };
  // The documented shape of every refusal; the tests below look at each field.
  const { code, field, retryable } = (await response.json()) as Record<string, unknown>;
  return { status, code, field, retryable };
}

async function stored(host: string): Promise<number> {
  const range = `start=${Date.now() / 1000 - 90_000}&end=${Date.now() / 1000 + 600}`;
  const response = await fetch(`${server.url}/v1/query_range?query=cpu_busy_ratio{host="${host}"}&${range}`, {
    headers: { authorization: `Bearer ${reader}` },
  });
  const { data } = (await response.json()) as { data: { result: { values: unknown[] }[] } };
  return data.result[0]?.values.length ?? 0;
}

test('a good batch is stored, and says how often to ship', async () => {
  const response = await server.ingest(key, testBatch({ host: 'good' }));
  expect([response.status, response.headers.get('tarsier-flush-interval')]).toEqual([204, '10']);
  expect(await stored('good')).toBe(10);
});

test('a batch sent twice is answered alike and stored once', async () => {
  const batch = testBatch({ host: 'twice' });
  expect(await answer(server.ingest(key, batch))).toEqual({ status: 204 });
  expect(await answer(server.ingest(key, batch))).toEqual({ status: 204 });
  const many = await Promise.all(Array.from({ length: 20 }, () => answer(server.ingest(key, batch))));
  expect(new Set(many.map(({ status }) => status))).toEqual(new Set([204]));
  expect(await stored('twice')).toBe(10);
});

test('a schema that is not known is asked for, and then known', async () => {
  const whole = testBatch({ host: 'bare' });
  const { schema: _, ...rest } = decodeEnvelope(whole);
  expect(await answer(server.ingest(key, encodeEnvelope(rest)))).toMatchObject({
    status: 409,
    code: 'ingest/schema-unknown',
  });
  expect(await answer(server.ingest(key, whole))).toEqual({ status: 204 });
  expect(await answer(server.ingest(key, encodeEnvelope({ ...rest, seq: 1 })))).toEqual({ status: 204 });
});

const now = Date.now();
const hour = 3_600_000;
const wrongVersion = testBatch().slice();
wrongVersion[1] = 2;
const otherSchema = encodeSchema({
  metrics: [{ name: 'up', kind: 'gauge', unit: '', help: '' }],
  series: [{ metric: 0, labels: {} }],
});
const twoHours = { times: Float64Array.of(now - 2 * hour, now), width: 2, values: new Float64Array(4) };
const bomb = Uint8Array.of(1, ...zstdCompress(new Uint8Array(40 * 1024 * 1024)));

test.each([
  ['no msgpack at all', new TextEncoder().encode('{"host":"a"}'), 400, 'batch/malformed', undefined],
  ['an empty body', new Uint8Array(), 400, 'batch/truncated', undefined],
  ['msgpack of another shape', Uint8Array.of(0xa1, 0x61), 400, 'batch/malformed', undefined],
  ['another version', wrongVersion, 400, 'batch/version', 'version'],
  ['a bad field', testBatch({ host: '' }), 400, 'batch/field', 'host'],
  ['a late batch', testBatch({ endMs: now - 25 * hour }), 400, 'ingest/too-late', 'times'],
  ['a batch from the future', testBatch({ endMs: now + hour }), 400, 'ingest/in-future', 'times'],
  ['times unlike its columns', testBatch({ t0: now - 20_000 }), 400, 'ingest/envelope', 'rows'],
  ['a schema of another hash', testBatch({ host: 'h1', schema: otherSchema }), 400, 'ingest/schema-hash', 'schemaHash'],
  [
    'more columns than its schema',
    testBatch({ host: 'h2', schema: otherSchema, schemaHash: schemaHash(otherSchema) }),
    400,
    'ingest/width',
    'columns',
  ],
  [
    'a span over an hour',
    testBatch({ rows: 2, t0: now - 2 * hour, t1: now, payload: encodePayload(twoHours, zstdCompress) }),
    400,
    'ingest/span',
    'times',
  ],
  ['columns that are cut', testBatch({ payload: Uint8Array.of(0, 10, 2, 1) }), 400, 'batch/truncated', undefined],
  ['columns that decompress to forty megabytes', testBatch({ payload: bomb }), 400, 'batch/compression', 'columns'],
  [
    'columns in no known compression',
    testBatch({ payload: Uint8Array.of(7, 1, 2) }),
    400,
    'batch/compression',
    'columns',
  ],
])('%s is refused for good, with what is wrong', async (_, body, status, code, field) => {
  expect(await answer(server.ingest(key, body))).toEqual({ status, code, field, retryable: false });
});

test('a batch cut at any byte is refused for good', async () => {
  const whole = testBatch({ host: 'cut' });
  for (let end = 0; end < whole.byteLength; end += 7) {
    const { status, retryable } = await answer(server.ingest(key, whole.subarray(0, end)));
    expect([status, retryable], `cut at ${end}`).toEqual([400, false]);
  }
  expect(await stored('cut')).toBe(0);
});

test('a changed batch is stored or refused, and never breaks the collector', async () => {
  const whole = testBatch({ host: 'fuzz', seq: 1 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(whole.byteLength - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      async (edits) => {
        const bytes = whole.slice();
        for (const [at, byte] of edits) bytes[at] = byte;
        expect([204, 400, 409]).toContain((await server.ingest(key, bytes)).status);
      },
    ),
    { numRuns: 300 },
  );
});

test('a body over the limit is refused, whether it says so or just goes on', async () => {
  expect(await answer(server.ingest(key, new Uint8Array(maxBatchBytes + 1)))).toMatchObject({
    status: 413,
    code: 'http/too-large',
  });
  const status = await new Promise((resolve, reject) => {
    const sent = request(`${server.url}/v1/ingest`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/vnd.tarsier.batch',
        'transfer-encoding': 'chunked',
      },
    });
    sent.on('response', (response) => resolve(response.statusCode));
    sent.on('error', reject);
    for (let sentBytes = 0; sentBytes <= maxBatchBytes; sentBytes += 1024 * 1024)
      sent.write(new Uint8Array(1024 * 1024));
    sent.end();
  });
  expect(status).toBe(413);
});

test('without a key, with an unknown one, with one for something else or of another tenant nothing is stored', async () => {
  const other = await server.key('other', 'ingest');
  const batch = testBatch({ host: 'keys' });
  expect(await answer(fetch(`${server.url}/v1/ingest`, { method: 'POST', body: new Uint8Array(batch) }))).toMatchObject(
    { status: 401, code: 'auth/missing' },
  );
  expect(await answer(server.ingest('tsr_unknown', batch))).toMatchObject({ status: 401, code: 'auth/unknown' });
  expect(await answer(server.ingest(reader, batch))).toMatchObject({ status: 403, code: 'auth/scope' });
  expect(await answer(server.ingest(other, batch, { 'tarsier-tenant': 'default' }))).toMatchObject({
    status: 403,
    code: 'auth/tenant',
    field: 'tarsier-tenant',
  });
  expect(await answer(server.ingest(key, batch, { 'content-type': 'text/plain' }))).toMatchObject({
    status: 415,
    code: 'http/content-type',
  });
  expect(await stored('keys')).toBe(0);
  expect(await answer(server.ingest(other, batch, { 'tarsier-tenant': 'other' }))).toEqual({ status: 204 });
  expect(await stored('keys')).toBe(0);
});

test('while the database is away the agent is told to come again, and nothing is lost', async () => {
  let away = true;
  const fails = <T extends object>(room: T): T =>
    new Proxy(room, {
      get: (target, name) =>
        away && name === 'insert' ? () => Promise.reject(new Error('connection refused')) : Reflect.get(target, name),
    });
  const broken = await startTestServer((storage): Storage => ({ ...storage, batches: fails(storage.batches) }));
  try {
    const itsKey = await broken.key('default', 'ingest');
    const response = broken.ingest(itsKey, testBatch());
    expect((await response).headers.get('retry-after')).toBe('2');
    expect(await answer(response)).toEqual({ status: 503, code: 'ingest/database', field: undefined, retryable: true });
    expect(broken.refused).toEqual(['web-1']);
    away = false;
    expect(await answer(broken.ingest(itsKey, testBatch()))).toEqual({ status: 204 });
    expect(broken.refused).toEqual(['web-1']);
  } finally {
    await broken.close();
  }
});

test('a host is deleted by who may, and comes in anew with its schema when its agent goes on', async () => {
  expect(await answer(server.ingest(key, testBatch({ host: 'leaving' })))).toEqual({ status: 204 });
  const remove = async (by: string) =>
    (await fetch(`${server.url}/v1/hosts/leaving`, { method: 'DELETE', headers: { authorization: `Bearer ${by}` } }))
      .status;
  expect(await remove(await server.key('default', 'write'))).toBe(403);
  const admin = await server.key('default', 'admin');
  expect(await remove(admin)).toBe(204);
  expect(await remove(admin)).toBe(404);
  expect(await stored('leaving')).toBe(0);
  // As agents send: without the schema, which the collector had.
  const { schema: _, ...bare } = decodeEnvelope(testBatch({ host: 'leaving', seq: 1 }));
  expect(await answer(server.ingest(key, encodeEnvelope(bare)))).toMatchObject({
    status: 409,
    code: 'ingest/schema-unknown',
  });
  expect(await answer(server.ingest(key, testBatch({ host: 'leaving', seq: 1 })))).toEqual({ status: 204 });
  expect(await stored('leaving')).toBe(10);
});

test('over its limit of series a tenant is told which metric it is, and to come again later', async () => {
  const other = await server.key('small', 'ingest');
  await server.sql`update tenant set max_series = 1 where name = 'small'`;
  const response = await server.ingest(other, testBatch());
  expect(response.status).toBe(429);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  const { detail } = (await response.json()) as { detail: string };
  expect(detail).toMatch(/^series: tenant small has 0 of at most 1, and 2 more were sent, 1 of them of \w+$/u);
});
