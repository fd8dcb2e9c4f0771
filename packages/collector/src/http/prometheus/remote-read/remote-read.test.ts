import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { compress, uncompress } from 'snappyjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { snappyCompress, snappyDecompress } from '../../../receivers/remote-write/snappy.ts';
import { staleBytes, writeRequest, type SentSeries } from '../../../receivers/remote-write/testing.ts';
import { startTestServer } from '../../testing.ts';
import { bitsOfValue, chunksOf, readRequest, samplesOf, samplesOfChunk, type AskedQuery } from './testing.ts';
import { encodeXorChunk } from './xor-chunk.ts';

const server = await startTestServer();
afterAll(() => server.close());
const reader = await server.key('default', 'read');
const now = Math.floor(Date.now() / 1000) * 1000 - 60_000;
const staleBits = 0x7ff0_0000_0000_0002n;

const rows = 400;
const waves = Array.from({ length: rows }, (_, row): [number, number] => [Math.sin(row), now - (rows - row) * 1000]);
/** What a mean calculator makes of its input, and what it knows no numbers for. */
const odd = [0, -0, 5e-324, Number.MAX_VALUE, Infinity, -Infinity, Number.NaN, 1 / 3];

beforeAll(async () => {
  const sender = await server.key('default', 'ingest');
  const series = (name: string, samples: SentSeries['samples'] = [], more: SentSeries['labels'] = []): SentSeries => ({
    labels: [['__name__', name], ['instance', 'db-1:9100'], ...more],
    samples,
  });
  const sent = [
    series('wave', waves, [['room', 'kitchen']]),
    series('wave', [[1, now]], [['room', 'cellar']]),
    series(
      'odd',
      odd.map((value, row) => [value, now - 60_000 + row * 250]),
    ),
    series('gone', [
      [7, now - 2000],
      [staleBytes, now - 1000],
    ]),
  ];
  const response = await fetch(`${server.url}/api/v1/write`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', authorization: `Bearer ${sender}` },
    body: new Uint8Array(compress(writeRequest(sent))),
  });
  expect([response.status, await response.text()]).toEqual([204, '']);
});

async function post(
  body: Uint8Array,
  key = reader,
): Promise<{ readonly status: number; readonly body: Uint8Array; readonly type: string }> {
  const response = await fetch(`${server.url}/prometheus/api/v1/read`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      authorization: `Bearer ${key}`,
    },
    body: new Uint8Array(body),
  });
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, body: new Uint8Array(await response.arrayBuffer()), type };
}

const named = (name: string, more: AskedQuery['matchers'] = []): AskedQuery => ({
  from: now - 3_600_000,
  to: now,
  matchers: [['__name__', 0, name], ...more],
});
const ask = (queries: readonly AskedQuery[], accepted: readonly number[] = []) =>
  post(compress(readRequest(queries, accepted)));

test('a Prometheus that takes samples gets those of its range, in order of labels, to the bit', async () => {
  const { status, body, type } = await ask([named('wave'), named('odd'), named('gone'), named('none')]);
  expect([status, type]).toEqual([200, 'application/x-protobuf']);
  const [wave, odds, gone, none] = samplesOf(body);
  const common = { __name__: 'wave', host: 'db-1', instance: 'db-1:9100' };
  expect(wave).toEqual([
    { labels: { ...common, room: 'cellar' }, samples: [[now, bitsOfValue(1)]] },
    { labels: { ...common, room: 'kitchen' }, samples: waves.map(([value, time]) => [time, bitsOfValue(value)]) },
  ]);
  expect(odds?.[0]?.samples.map(([, bits]) => bits)).toEqual(odd.map(bitsOfValue));
  // Without its marker a series would seem to go on for five minutes.
  expect(gone?.[0]?.samples).toEqual([
    [now - 2000, bitsOfValue(7)],
    [now - 1000, staleBits],
  ]);
  expect(none).toEqual([]);
});

test('one that takes chunks gets the same, in frames with their sums', async () => {
  const queries = [named('wave'), named('odd'), named('gone')];
  const { status, body, type } = await ask(queries, [1, 0]);
  expect([status, type]).toEqual([200, 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse']);
  expect(chunksOf(body)).toEqual({ results: samplesOf((await ask(queries, [0, 1])).body), frames: 4 });
});

test.each<[string, AskedQuery['matchers'], readonly string[]]>([
  ['is', [['room', 0, 'cellar']], ['cellar']],
  ['is not', [['room', 1, 'cellar']], ['kitchen']],
  ['matches', [['room', 2, 'kit.*|attic']], ['kitchen']],
  ['does not match', [['room', 3, 'kit.*']], ['cellar']],
  ['is not there', [['room', 0, '']], []],
])('matchers: a label %s', async (_, matchers, rooms) => {
  const [wave] = samplesOf((await ask([named('wave', matchers)])).body);
  expect(wave?.map(({ labels }) => labels['room'])).toEqual(rooms);
});

test('only samples from start to end, both included', async () => {
  const at = (row: number): number => waves[row]?.[1] ?? 0;
  const [wave] = samplesOf((await ask([{ ...named('wave', [['room', 0, 'kitchen']]), from: at(3), to: at(5) }])).body);
  expect(wave?.[0]?.samples.map(([time]) => time)).toEqual([at(3), at(4), at(5)]);
  const future = await ask([{ ...named('wave'), to: 2 ** 53 }]);
  expect(samplesOf(future.body)[0]?.length).toBe(2);
});

test('another tenant, and a key that may not read, get nothing', async () => {
  const other = await post(compress(readRequest([named('wave')])), await server.key('other', 'read'));
  expect([other.status, samplesOf(other.body)]).toEqual([200, [[]]]);
  const refused = await post(compress(readRequest([named('wave')])), await server.key('default', 'ingest'));
  expect(refused.status).toBe(403);
});

describe('what is no request is refused with what was expected', () => {
  const bomb = new Uint8Array(compress(new Uint8Array(2_000_000)));
  const answer = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() });
  test.each<[string, Uint8Array, number, string]>([
    ['text', new TextEncoder().encode('up'), 400, 'body: expected a ReadRequest'],
    [
      'a message that ends early',
      new Uint8Array(compress(readRequest([named('wave')]).subarray(0, 20))),
      400,
      'the message ends at byte',
    ],
    ['a bomb', bomb, 413, 'expected at most 1048576 bytes unpacked'],
    ['a long body', new Uint8Array(300_000), 413, 'expected at most 262144 bytes'],
    ['no matcher', compress(readRequest([{ ...named('wave'), matchers: [] }])), 400, 'at least one non-empty matcher'],
    [
      'matchers of everything',
      compress(readRequest([{ ...named('wave'), matchers: [['host', 2, '.*']] }])),
      400,
      'at least one non-empty matcher',
    ],
    [
      'a matcher of another type',
      compress(readRequest([named('wave', [['a', 7, 'b']])])),
      400,
      'expected a type of 0 to 3, got 7',
    ],
    ['a pattern that is none', compress(readRequest([named('wave', [['a', 2, '(']])])), 400, 'regular expression'],
    [
      'an end before the start',
      compress(readRequest([{ ...named('wave'), to: 0 }])),
      400,
      'end timestamp must not be before start time',
    ],
    ['all of time', compress(readRequest([{ ...named('wave'), from: -(2 ** 53) }])), 422, 'expected at most 400 days'],
    [
      'an answer that we have not',
      compress(readRequest([named('wave')], [5])),
      400,
      'expected 0 (samples) or 1 (chunks), got 5',
    ],
    [
      'queries without end',
      compress(readRequest(Array.from({ length: 101 }, () => named('wave')))),
      400,
      'expected at most 100',
    ],
  ])('%s', async (_, body, status, message) => {
    const got = await post(body);
    expect(got.status).toBe(status);
    expect(answer.parse(JSON.parse(new TextDecoder().decode(got.body))).error).toContain(message);
  });

  test('whatever it is', async () => {
    const request = readRequest([named('wave', [['room', 2, 'k.*']])], [1]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(request.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const broken = Uint8Array.from(request);
          for (const [at, byte] of changes) broken[at] = byte;
          expect([200, 400, 422]).toContain((await post(compress(broken))).status);
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('a chunk is bit for bit that of Prometheus', () => {
  const golden = z
    .array(z.object({ name: z.string(), chunk: z.string() }))
    .parse(JSON.parse(readFileSync(new URL('testdata/xor-chunks.json', import.meta.url), 'utf8')));
  for (const { name, chunk } of golden) {
    const bytes = Buffer.from(chunk, 'base64');
    expect([name, Buffer.from(encodeXorChunk(...columnOf(samplesOfChunk(bytes)))).toString('base64')]).toEqual([
      name,
      chunk,
    ]);
  }
});

function columnOf(samples: readonly (readonly [number, bigint])[]) {
  const values = new Float64Array(samples.length);
  new BigUint64Array(values.buffer).set(samples.map(([, bits]) => bits));
  return [{ times: Float64Array.from(samples, ([time]) => time), values }, 0, samples.length] as const;
}

test('whatever a chunk is made of is in it', () => {
  const times = fc
    .tuple(
      fc.maxSafeInteger(),
      fc.array(
        fc.oneof(
          fc.nat(5),
          fc.nat(20_000),
          fc.nat(2 ** 30),
          fc.maxSafeNat().map((step) => step % 2 ** 40),
        ),
        { minLength: 1, maxLength: 200 },
      ),
    )
    .map(([first, steps]) => {
      let time = Math.trunc(first / 4);
      return steps.map((step) => (time += step + 1));
    });
  const bits = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.double().map(bitsOfValue), fc.nat(9).map(bitsOfValue));
  fc.assert(
    fc.property(times, fc.infiniteStream(bits), (times, values) => {
      const samples = times.map((time): [number, bigint] => [time, values.next().value ?? 0n]);
      expect(samplesOfChunk(encodeXorChunk(...columnOf(samples)))).toEqual(samples);
    }),
  );
});

test('what is packed with Snappy is unpacked the same, by us and by others', async () => {
  const some = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat(20_000))
      .map(([pattern, length]) => Uint8Array.from({ length }, (_, at) => pattern[at % pattern.length] ?? 0)),
    fc
      .array(fc.constantFrom('wave', 'room', '{', 'kitchen'), { maxLength: 5_000 })
      .map((words) => new TextEncoder().encode(words.join(''))),
  );
  await fc.assert(
    fc.asyncProperty(some, async (bytes) => {
      const packed = await snappyCompress(bytes);
      expect(Buffer.compare(snappyDecompress(packed, bytes.length), bytes)).toBe(0);
      expect(Buffer.compare(new Uint8Array(uncompress(packed)), bytes)).toBe(0);
    }),
  );
  const even = await snappyCompress(new Uint8Array(200_000));
  expect(even.length).toBeLessThan(12_000);
});
