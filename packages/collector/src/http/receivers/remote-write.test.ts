import fc from 'fast-check';
import { compress } from 'snappyjs';
import { afterAll, describe, expect, test } from 'vitest';
import {
  referencesV2,
  staleBytes,
  writeRequest,
  writeRequestV2,
  type SentSeries,
} from '../../receivers/remote-write/testing.ts';
import type { Storage } from '../../storage/storage.ts';
import { startDoorServer, type DoorServer } from './testing.ts';

const server = await startDoorServer();
afterAll(() => server.close());

const types = {
  v1: 'application/x-protobuf',
  v2: 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
} as const;

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

async function send(
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
  { url, sender }: Pick<DoorServer, 'url' | 'sender'> = server,
): Promise<Answer> {
  const response = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: {
      'content-type': types.v1,
      'content-encoding': 'snappy',
      authorization: `Bearer ${sender}`,
      ...headers,
    },
    body: new Uint8Array(body),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

function packed(series: readonly SentSeries[], metadata?: Parameters<typeof writeRequest>[1]): Uint8Array {
  return compress(writeRequest(series, metadata));
}

/** Whole seconds, so that PromQL's times are exact; each test has its own metric. */
// A little ago: a query now does not see what is later.
const now = Math.floor(Date.now() / 1000 - 30) * 1000;

function series(
  name: string,
  samples: SentSeries['samples'] = [[1, now]],
  labels: SentSeries['labels'] = [],
): SentSeries {
  return { labels: [['__name__', name], ['instance', 'db-1:9100'], ['job', 'node'], ...labels], samples };
}

test('samples of many hosts and times are stored, with the host that instance names', async () => {
  const times = [now - 60_000, now - 45_000, now - 30_000];
  const { status, text } = await send(
    packed([
      series(
        'rw_first',
        times.map((time, index) => [index / 2, time]),
      ),
      {
        labels: [
          ['__name__', 'rw_first'],
          ['instance', '[::1]:9100'],
        ],
        samples: [[7, now - 40_000]],
      },
      {
        labels: [
          ['__name__', 'rw_first'],
          ['host', 'web-1'],
          ['instance', 'x:1'],
        ],
        samples: [[8, now]],
      },
      { labels: [['__name__', 'rw_first']], samples: [[9, now]] },
    ]),
  );
  expect([status, text]).toEqual([204, '']);
  expect(await server.samples('rw_first')).toEqual({
    'rw_first{host=db-1,instance=db-1:9100,job=node}': times.map((time, index) => [time, String(index / 2)]),
    'rw_first{host=::1,instance=[::1]:9100}': [[now - 40_000, '7']],
    'rw_first{host=web-1,instance=x:1}': [[now, '8']],
    'rw_first{host=remote-write}': [[now, '9']],
  });
});

test('a sender may put samples before labels, and what it sends twice in different order is one series', async () => {
  const first = series('rw_order', [[1, now - 1000]]);
  const last = { ...series('rw_order', [[2, now]]), samplesFirst: true };
  expect((await send(packed([first, last]))).status).toBe(204);
  expect(await server.samples('rw_order')).toEqual({
    'rw_order{host=db-1,instance=db-1:9100,job=node}': [
      [now - 1000, '1'],
      [now, '2'],
    ],
  });
});

test('a request that comes again is answered alike, and its samples are there once', async () => {
  const body = packed([
    series('rw_twice', [
      [1, now - 15_000],
      [2, now],
    ]),
  ]);
  const answers = await Promise.all([send(body), send(body), send(body)]);
  expect(answers.map(({ status }) => status)).toEqual([204, 204, 204]);
  expect(await server.samples('rw_twice')).toEqual({
    'rw_twice{host=db-1,instance=db-1:9100,job=node}': [
      [now - 15_000, '1'],
      [now, '2'],
    ],
  });
});

test('every double comes back: infinities, minus zero, the smallest, and what is no number', async () => {
  const values = [Infinity, -Infinity, -0, Number.MIN_VALUE, Number.MAX_VALUE, Number.NaN, 0.1];
  await send(
    packed([
      series(
        'rw_doubles',
        values.map((value, index) => [value, now - 60_000 + index * 1000]),
      ),
    ]),
  );
  const [samples = []] = Object.values(await server.samples('rw_doubles'));
  expect(samples.map(([, value]) => value)).toEqual([
    '+Inf',
    '-Inf',
    '-0',
    '5e-324',
    '1.7976931348623157e+308',
    'NaN',
    '0.1',
  ]);
});

test('a series that is marked stale is gone at once', async () => {
  await send(packed([series('rw_stale', [[1, now - 20_000]]), series('rw_fresh', [[1, now - 20_000]])]));
  expect(Object.values(await server.now('rw_stale'))).toEqual(['1']);
  await send(packed([series('rw_stale', [[staleBytes, now - 1000]]), series('rw_fresh', [[2, now - 1000]])]));
  expect(Object.values(await server.now('rw_stale'))).toEqual([]);
  expect(Object.values(await server.now('rw_fresh'))).toEqual(['2']);
  // A marker is no sample.
  expect(Object.values(await server.samples('rw_stale'))).toEqual([[[now - 20_000, '1']]]);
});

test('late samples, and ones between others, find their place', async () => {
  for (const seconds of [10, 600, 300, 7200, 5]) {
    await send(packed([series('rw_late', [[seconds, now - seconds * 1000]])]));
  }
  const [samples = []] = Object.values(await server.samples('rw_late'));
  expect(samples).toEqual([7200, 600, 300, 10, 5].map((seconds) => [now - seconds * 1000, String(seconds)]));
});

test('what a metric is comes from its metadata, or is told by its name until then', async () => {
  const { status } = await send(
    packed(
      [],
      [
        { type: 1, name: 'rw_known', help: 'Known.' },
        { type: 3, name: 'rw_hist_seconds' },
        { type: 2, name: 'rw_level_count' },
      ],
    ),
  );
  expect(status).toBe(204);
  const names = [
    'rw_known',
    'rw_hist_seconds_bucket',
    'rw_level_count',
    'rw_guess_total',
    'rw_guess_bucket',
    'rw_guess',
  ];
  await send(packed(names.map((name) => series(name))));
  const rows = await server.storage.series.candidates(await server.storage.tenants.ensure('default'), []);
  const kinds = Object.fromEntries(
    rows.filter(({ name }) => names.includes(name)).map(({ name, kind }) => [name, kind]),
  );
  expect(kinds).toEqual({
    rw_known: 'counter',
    rw_hist_seconds_bucket: 'counter',
    rw_level_count: 'gauge',
    rw_guess_total: 'counter',
    rw_guess_bucket: 'counter',
    rw_guess: 'gauge',
  });
});

const day = 86_400_000;
const many = Array.from({ length: 40 }, (_, index): [string, string] => [`label${index}`, 'x']);

test.each<[string, SentSeries, string]>([
  ['of 1970', series('rw_bad', [[1, 0]]), 'got 1970-01-01T00:00:00.000Z'],
  ['of 2200', series('rw_bad', [[1, Date.UTC(2200, 0)]]), 'got 2200-01-01T00:00:00.000Z'],
  ['of no time that is', series('rw_bad', [[1, -(2 ** 62)]]), 'expected a time from'],
  ['too late', series('rw_bad', [[1, now - 2 * day]]), 'expected a time from'],
  ['without a name', { labels: [['a', 'b']], samples: [[1, now]] }, '__name__'],
  [
    'with a label twice',
    series('rw_bad', undefined, [
      ['a', 'b'],
      ['a', 'c'],
    ]),
    'each label once',
  ],
  [
    'with two labels that become one',
    series('rw_bad', undefined, [
      ['a.b', 'x'],
      ['a_b', 'y'],
    ]),
    'got a_b twice',
  ],
  ['with too many labels', series('rw_bad', undefined, many), 'expected up to 32'],
  ['with a label that is too long', series('rw_bad', undefined, [['a', 'x'.repeat(1025)]]), 'got 1025'],
  ['with a host that is none', series('rw_bad', undefined, [['host', 'a\nb']]), 'expected samples of a host'],
  ['that are native histograms', { ...series('rw_bad'), samples: [], histograms: 1 }, 'native histograms'],
])('samples %s are refused for good, and the others of the request are stored', async (_, bad, reason) => {
  const good = `rw_good_${now}_${Math.random().toString(36).slice(2)}`;
  const { status, text } = await send(packed([series(good), bad]));
  expect([status, text]).toEqual([400, expect.stringMatching(/^1 samples stored, 1 not: .*\n$/u)]);
  expect(text).toContain(reason);
  expect(Object.keys(await server.samples(good))).toHaveLength(1);
  expect(await server.samples('rw_bad')).toEqual({});
});

test('names with other characters are stored with underscores', async () => {
  await send(
    packed([
      series('rw.utf8.métric', undefined, [
        ['http.route', '/é'],
        ['__tmp', 'x'],
        ['__proto__', 'y'],
      ]),
    ]),
  );
  expect(Object.keys(await server.samples('{__name__=~"rw_utf8.*"}'))).toEqual([
    'rw_utf8_m_tric{_proto__=y,_tmp=x,host=db-1,http_route=/é,instance=db-1:9100,job=node}',
  ]);
});

test('series that become one are one, and what PostgreSQL has no text for is replaced', async () => {
  const odd = series('rw_odd', [[1, now - 1000]], [['a.b', 'x']]);
  const same = series('rw_odd', [[2, now]], [['a_b', 'x']]);
  const nul = series('rw_nul', [[3, now]], [['a', 'x\0y']]);
  expect((await send(packed([odd, same, nul]))).status).toBe(204);
  expect(await server.samples('{__name__=~"rw_(odd|nul)"}')).toEqual({
    'rw_nul{a=x\uFFFDy,host=db-1,instance=db-1:9100,job=node}': [[now, '3']],
    'rw_odd{a_b=x,host=db-1,instance=db-1:9100,job=node}': [
      [now - 1000, '1'],
      [now, '2'],
    ],
  });
});

describe('version 2.0', () => {
  const written = ({ headers }: Answer): (string | null)[] =>
    ['samples', 'histograms', 'exemplars'].map((what) => headers.get(`x-prometheus-remote-write-${what}-written`));

  test('is stored as 1.0 is, and its answer says how many', async () => {
    const answer = await send(
      compress(
        writeRequestV2([
          {
            ...series('rw2', [
              [1, now - 1000],
              [2, now],
            ]),
            metadata: { type: 1, help: 'Help.', unit: '' },
          },
          { ...series('rw2_seconds_bucket', [[3, now]]), metadata: { type: 3, help: 'Help.', unit: 'seconds' } },
        ]),
      ),
      { 'content-type': types.v2 },
    );
    expect([answer.status, ...written(answer)]).toEqual([204, '3', '0', '0']);
    expect(await server.samples('{__name__=~"rw2.*"}')).toEqual({
      'rw2{host=db-1,instance=db-1:9100,job=node}': [
        [now - 1000, '1'],
        [now, '2'],
      ],
      'rw2_seconds_bucket{host=db-1,instance=db-1:9100,job=node}': [[now, '3']],
    });
    const rows = await server.storage.series.candidates(await server.storage.tenants.ensure('default'), []);
    expect(rows.filter(({ name }) => name.startsWith('rw2')).map(({ kind }) => kind)).toEqual(['counter', 'counter']);
  });

  test('says how many even where it refuses some', async () => {
    const body = compress(writeRequestV2([series('rw2_part'), { ...series('rw2_part'), samples: [], histograms: 2 }]));
    const answer = await send(body, { 'content-type': types.v2 });
    expect([answer.status, ...written(answer)]).toEqual([400, '1', '0', '0']);
  });

  test.each([
    ['a reference to nothing', [''], [1, 2], 'expected references below 1, got 1'],
    ['an odd number of references', ['', 'a'], [1], 'expected pairs, got 1 references'],
    ['symbols that do not begin with an empty one', ['a', 'b'], [0, 1], 'symbols[0]: expected the empty string'],
    ['no name', ['', 'a', 'b'], [1, 2], '__name__'],
  ])('%s is refused for good', async (_, symbols, references, reason) => {
    const answer = await send(compress(referencesV2(symbols, references)), { 'content-type': types.v2 });
    expect([answer.status, ...written(answer)]).toEqual([400, '0', '0', '0']);
    expect(answer.text).toContain(reason);
  });
});

describe('what is no remote_write', () => {
  const good = packed([series('rw_never')]);
  const bomb = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0);

  test.each<[string, Uint8Array, Readonly<Record<string, string>>, number]>([
    ['another type', good, { 'content-type': 'application/json' }, 415],
    ['another message', good, { 'content-type': 'application/x-protobuf;proto=some.Other' }, 415],
    ['another encoding', good, { 'content-encoding': 'gzip' }, 415],
    ['no Snappy', new TextEncoder().encode('hello, world'), {}, 400],
    ['nothing', new Uint8Array(), {}, 400],
    ['a bomb', bomb, {}, 413],
    ['too many bytes for so few', Uint8Array.of(0x80, 0x80, 0x80, 0x08, 0), {}, 400],
    ['Snappy of no message', compress(new TextEncoder().encode('hello, world')), {}, 400],
    ['half a message', compress(writeRequest([series('rw_never')]).subarray(0, 20)), {}, 400],
    ['half of Snappy', good.subarray(0, good.byteLength - 3), {}, 400],
    ['another key', good, { authorization: 'Bearer tsr_other' }, 401],
  ])('%s is refused', async (_, body, headers, status) => {
    expect((await send(body, headers)).status).toBe(status);
    expect(await server.samples('rw_never')).toEqual({});
  });

  test.each([
    ['', 'got none'],
    ['application/json', 'got application/json'],
  ])('the type "%s" is refused by its name', async (type, said) => {
    const refused = await send(good, { 'content-type': type });
    expect(refused.text.trim()).toMatch(new RegExp(`^content-type: expected .*, ${said}$`, 'u'));
  });

  test('any damaged body is stored or refused, and never breaks the collector', async () => {
    const damage = fc.array(fc.tuple(fc.nat(good.byteLength - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(damage, fc.constantFrom(types.v1, types.v2), async (edits, type) => {
        const bytes = packed([series('rw_fuzz')]);
        for (const [at, byte] of edits) bytes[at % bytes.byteLength] = byte;
        expect([204, 400, 413]).toContain((await send(bytes, { 'content-type': type })).status);
      }),
      { numRuns: 300 },
    );
    // And the host goes on.
    expect((await send(packed([series('rw_after_fuzz')]))).status).toBe(204);
  });

  test('a key with the scope read is not enough; basic authentication with the key is', async () => {
    const reader = await server.key('default', 'read');
    expect((await send(good, { authorization: `Bearer ${reader}` })).status).toBe(403);
    const basic = `Basic ${Buffer.from(`anybody:${server.sender}`).toString('base64')}`;
    expect((await send(packed([series('rw_basic')]), { authorization: basic })).status).toBe(204);
  });
});

test('while the database is away the sender is told to come again, and then nothing is lost', async () => {
  let away = true;
  const fails = <T extends object>(room: T): T =>
    new Proxy(room, {
      get: (target, name) =>
        away && name === 'insert' ? () => Promise.reject(new Error('connection refused')) : Reflect.get(target, name),
    });
  const broken = await startDoorServer((storage): Storage => ({ ...storage, batches: fails(storage.batches) }));
  try {
    const body = packed([series('rw_away')]);
    const refused = await send(body, {}, broken);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    away = false;
    expect((await send(body, {}, broken)).status).toBe(204);
    expect(Object.values(await broken.samples('rw_away'))).toEqual([[[now, '1']]]);
  } finally {
    await broken.close();
  }
});
