import { encodeSchema, maxLabels, maxLabelValueLength, type Labels } from '@tarsier/protocol';
import { schemaHash } from '@tarsier/protocol/zstd';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { testBatch } from '../ingest/testing.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const key = await server.key('default', 'ingest');
const reader = await server.key('default', 'read');
const now = Math.floor(Date.now() / 1000) * 1000;

const answerSchema = z.object({
  data: z.object({ result: z.array(z.object({ values: z.array(z.tuple([z.number(), z.string()])) })) }),
});

/** Its samples in PromQL's range vector at `timeMs`. */
async function samples(host: string, timeMs: number, range = '[1m]'): Promise<(readonly [number, string])[]> {
  const query = encodeURIComponent(`cpu_busy_ratio{host="${host}"}${range}`);
  const url = `${server.url}/prometheus/api/v1/query?query=${query}&time=${timeMs / 1000}`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${reader}` } });
  return answerSchema.parse(await response.json()).data.result[0]?.values ?? [];
}

async function isThere(host: string, timeMs: number): Promise<boolean> {
  const query = encodeURIComponent(`count(cpu_busy_ratio{host="${host}"})`);
  const url = `${server.url}/prometheus/api/v1/query?query=${query}&time=${timeMs / 1000}`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${reader}` } });
  return JSON.stringify(await response.json()).includes('"value"');
}

async function refusal(body: Uint8Array): Promise<unknown> {
  const response = await server.ingest(key, body);
  return response.status === 204 ? 'stored' : { status: response.status, ...Object(await response.json()) };
}

test('a host that stops sending is in no answer five minutes after its last sample, as in Prometheus', async () => {
  const last = now - 600_000;
  expect(await refusal(testBatch({ host: 'gone', endMs: last }))).toBe('stored');
  expect(await isThere('gone', last + 299_999)).toBe(true);
  expect(await isThere('gone', last + 300_000)).toBe(false);
});

test('not a number, minus zero, the smallest and the largest come back as they were', async () => {
  const odd = [
    Number.NaN,
    -0,
    0,
    5e-324,
    -2.2250738585072014e-308,
    1.7976931348623157e308,
    Infinity,
    -Infinity,
    0.1,
    1,
  ];
  expect(await refusal(testBatch({ host: 'odd', endMs: now, busy: (row) => odd[row] ?? 0 }))).toBe('stored');
  expect((await samples('odd', now)).map(([, value]) => value)).toEqual([
    'NaN',
    '-0',
    '0',
    '5e-324',
    '-2.2250738585072014e-308',
    '1.7976931348623157e+308',
    '+Inf',
    '-Inf',
    '0.1',
    '1',
  ]);
});

test('batches that come late or between others find their place, once, however often they are sent', async () => {
  const batches = [4, 1, 3, 0, 2].map((seq) =>
    testBatch({ host: 'late', seq, endMs: now - 3_600_000 + seq * 10_000, busy: (row) => seq * 10 + row }),
  );
  for (const batch of [...batches, ...batches]) expect(await refusal(batch)).toBe('stored');
  const values = (await samples('late', now - 3_600_000 + 40_000)).map(([, value]) => Number(value));
  expect(values).toEqual(Array.from({ length: 50 }, (_, index) => index));
});

test.each([
  ['of 1970', 10_000, 'ingest/too-late'],
  ['of 2200', Date.UTC(2200, 0, 1), 'ingest/in-future'],
])('a batch %s is refused for good', async (_, endMs, code) => {
  expect(await refusal(testBatch({ host: 'odd-times', endMs }))).toMatchObject({
    status: 400,
    code,
    retryable: false,
  });
  expect(await samples('odd-times', endMs)).toEqual([]);
});

function batchWith(labels: Labels, host: string): Uint8Array {
  const bytes = encodeSchema({
    metrics: [
      { name: 'cpu_busy_ratio', kind: 'gauge', unit: 'ratio', help: '' },
      { name: 'sent_bytes_total', kind: 'counter', unit: 'bytes', help: '' },
    ],
    series: [
      { metric: 0, labels },
      { metric: 1, labels: {} },
    ],
  });
  return testBatch({ host, schema: bytes, schemaHash: schemaHash(bytes) });
}

const manyLabels = (count: number): Labels =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`label_${index}`, 'x']));

test('as many labels, and as long a value, as there may be are stored; one more is refused, and says which', async () => {
  const longest = 'x'.repeat(maxLabelValueLength);
  expect(await refusal(batchWith({ ...manyLabels(maxLabels - 1), long: longest }, 'full'))).toBe('stored');
  expect(await samples('full', now + 10_000)).not.toEqual([]);
  const tooMany = await refusal(batchWith(manyLabels(maxLabels + 1), 'over'));
  expect(tooMany).toMatchObject({ status: 400, code: 'batch/schema', field: 'schema.series[0]', retryable: false });
  expect(await refusal(batchWith({ long: `${longest}x` }, 'over'))).toMatchObject({
    status: 400,
    code: 'batch/schema',
    field: 'schema.series[0].labels.long',
  });
  expect(await refusal(batchWith({ 'not-a-name': 'x' }, 'over'))).toMatchObject({ field: 'schema.series[0].labels' });
  expect(await samples('over', now + 10_000)).toEqual([]);
});
