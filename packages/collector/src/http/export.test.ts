import { parseOpenMetrics, parsePrometheusText } from '@tarsier/protocol/formats';
import { compress } from 'snappyjs';
import { afterAll, describe, expect, test } from 'vitest';
import { staleBytes, writeRequest } from '../receivers/remote-write/testing.ts';
import type { Storage } from '../storage/storage.ts';
import { startTestServer, type TestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());

const now = Math.floor(Date.now() / 1000) * 1000;
const start = now - 600_000;

/** What one tenant has: every kind of number, and labels that need care. */
async function fill(tenant: string, { url, key }: TestServer = server): Promise<void> {
  const odd = [1.5, -0, Number.NaN, Infinity, -Infinity, 5e-324, 1e21];
  const body = writeRequest([
    ...['b', 'a'].map((host) => ({
      labels: pairs({ __name__: 'requests_total', host, path: '/x,"y"', name: 'kind' }),
      samples: [1, 2, 3].map((value): [number, number] => [value, start + value * 1000]),
    })),
    {
      labels: pairs({ __name__: 'odd_values', host: 'a', note: 'two\nlines \\ ', time: 'noon' }),
      samples: odd.map((value, index): [number, number] => [value, start + index * 1000]),
    },
    {
      labels: pairs({ __name__: 'gone', host: 'a' }),
      samples: [
        [7, start],
        [staleBytes, start + 1000],
      ],
    },
  ]);
  const response = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await key(tenant, 'ingest')}`,
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
    },
    body: new Uint8Array(compress(body)),
  });
  expect(response.status).toBe(204);
}

function pairs(labels: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(labels);
}

async function read(
  tenant: string,
  format: string,
  query = `start=${start / 1000}&match[]=${encodeURIComponent('{host=~".+"}')}`,
): Promise<{ readonly status: number; readonly type: string | null; readonly text: string }> {
  const response = await fetch(`${server.url}/v1/export/${format}?${query}`, {
    headers: { authorization: `Bearer ${await server.key(tenant, 'read')}` },
  });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

describe.each([
  ['prometheus', 'prometheus', 14],
  ['openmetrics', 'prometheus', 14],
  ['csv', 'csv', 14],
  // Without what is no number there.
  ['json', 'json', 11],
])('%s', (format, door, count) => {
  test('what is exported can be imported elsewhere, and is the same there', async () => {
    const [from, to] = [`from-${format}`, `to-${format}`];
    await fill(from);
    const exported = await read(from, format);
    expect(exported.status).toBe(200);
    const imported = await fetch(`${server.url}/v1/import/${door}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await server.key(to, 'ingest')}`, 'content-type': exported.type ?? '' },
      body: exported.text,
    });
    expect([imported.status, await imported.json()]).toEqual([200, { stored: count }]);
    expect(await read(to, format)).toEqual(exported);
    const kinds = async (tenant: string) =>
      (await server.storage.series.candidates(await server.storage.tenants.ensure(tenant), [])).map(
        ({ name, kind, unit, labels }) => ({ name, kind, unit, labels }),
      );
    expect(new Set(await kinds(to))).toEqual(new Set(await kinds(from)));
  });
});

test('the texts are what their formats say', async () => {
  await fill('texts');
  const texts = await Promise.all(['prometheus', 'openmetrics', 'csv', 'json'].map((format) => read('texts', format)));
  expect(texts.map(({ type }) => type?.split(';')[0])).toEqual([
    'text/plain',
    'application/openmetrics-text',
    'text/csv',
    'application/x-ndjson',
  ]);
  const [prometheus, openMetrics, csv, json] = texts.map(({ text }) => text);
  expect(parsePrometheusText(prometheus ?? '')).toHaveLength(14);
  expect(parseOpenMetrics(openMetrics ?? '')).toHaveLength(14);
  expect(prometheus?.split('\n').slice(0, 4)).toEqual([
    '# TYPE gone gauge',
    `gone{host="a"} 7 ${start}`,
    '# TYPE odd_values gauge',
    String.raw`odd_values{host="a",note="two\nlines \\ ",time="noon"} 1.5 ${start}`,
  ]);
  expect(openMetrics).toContain(
    `# TYPE requests counter\nrequests_total{host="a",name="kind",path="/x,\\"y\\""} 1 ${start / 1000 + 1}\n`,
  );
  expect(csv?.split('\n').slice(0, 2)).toEqual([
    'name,kind,time,value,host,name,note,path,time',
    `gone,gauge,${new Date(start).toISOString()},7,a,,,,`,
  ]);
  expect(json?.split('\n')[0]).toBe(
    `{"name":"gone","value":7,"kind":"gauge","unit":"","labels":{"host":"a"},"time":${start}}`,
  );
});

test('several selectors and a range choose what is exported, and a tenant sees its own alone', async () => {
  await fill('choose');
  const query = `start=${start / 1000 + 2}&end=${start / 1000 + 3}&match[]=odd_values{host="b"}&match[]=requests_total{host="b"}&match[]={host="b"}`;
  const { text } = await read('choose', 'prometheus', query);
  expect(text.match(/^requests_total.*$/gmu)?.map((line) => line.split(' ').slice(-2))).toEqual([
    ['2', String(start + 2000)],
    ['3', String(start + 3000)],
  ]);
  expect((await read('chose-nothing', 'prometheus', query)).text).toBe('');
  expect((await read('chose-nothing', 'openmetrics', query)).text).toBe('# EOF\n');
});

test.each([
  ['xml', `start=${now / 1000}&match[]=up`, 404, 'format: expected one of prometheus, openmetrics, csv, json, got xml'],
  ['csv', 'start=0', 400, 'match[]: expected a selector'],
  ['csv', 'match[]=up', 400, 'start'],
  ['csv', 'start=0&match[]=up', 400, 'start: expected at most 31 days'],
  ['csv', `start=${now / 1000}&end=1&match[]=up`, 400, 'end: expected a time at or after start'],
  ['csv', `start=${now / 1000}&match[]=up{`, 400, 'query'],
])('/v1/export/%s?%s is answered with %i', async (format, query, status, message) => {
  const answer = await read('default', format, query);
  expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(message)]);
});

test('a key that may only send reads nothing', async () => {
  const response = await fetch(`${server.url}/v1/export/csv?start=${start / 1000}&match[]=up`, {
    headers: { authorization: `Bearer ${await server.key('default', 'ingest')}` },
  });
  expect(response.status).toBe(403);
});

test('an export that can not go on is broken off, not ended', async () => {
  let reads = 0;
  const broken = await startTestServer((storage): Storage => ({
    ...storage,
    samples: {
      ...storage.samples,
      read: (...given) =>
        ++reads > 1 ? Promise.reject(new Error('connection refused')) : storage.samples.read(...given),
    },
  }));
  try {
    await fill('default', broken);
    // So long that each series is read by itself.
    const query = `start=${start / 1000 - 30 * 86_400}&match[]=${encodeURIComponent('{host=~".+"}')}`;
    const response = await fetch(`${broken.url}/v1/export/csv?${query}`, {
      headers: { authorization: `Bearer ${await broken.key('default', 'read')}` },
    });
    await expect(response.text()).rejects.toThrow('terminated');
  } finally {
    await broken.close();
  }
});
