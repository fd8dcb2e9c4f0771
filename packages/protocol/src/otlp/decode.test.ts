import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { TarsierError } from '../errors.ts';
import { decodeMetrics, decodeSpans, type OtlpEncoding } from './index.ts';
import { captureFromSdk, type Captured } from './testing.ts';

const testdata = new URL('./testdata/', import.meta.url);
const encodings: readonly (readonly [extension: string, OtlpEncoding])[] = [
  ['bin', 'protobuf'],
  ['json', 'json'],
];

/** Maps as objects, so that a golden file can be read by people. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, part: unknown) => (part instanceof Map ? Object.fromEntries(part) : part)),
  );
}

function golden(name: string): Buffer {
  return readFileSync(new URL(name, testdata));
}

beforeAll(async () => {
  if (process.env['UPDATE_CAPTURED'] !== '1') return;
  for (const [name, body] of await captureFromSdk('cumulative')) writeFileSync(new URL(name, testdata), body);
  const metrics = decodeMetrics(golden('metrics.bin'), { encoding: 'protobuf' });
  const spans = decodeSpans(golden('traces.bin'), { encoding: 'protobuf' });
  writeFileSync(new URL('expected.json', testdata), `${JSON.stringify(plain({ metrics, spans }), undefined, 2)}\n`);
});

describe.each(encodings)('captured requests in %s', (extension, encoding) => {
  test('mean what they meant', () => {
    const expected: unknown = JSON.parse(golden('expected.json').toString());
    const metrics = decodeMetrics(golden(`metrics.${extension}`), { encoding });
    const spans = decodeSpans(golden(`traces.${extension}`), { encoding });
    expect(plain({ metrics, spans })).toEqual(expected);
  });

  test('cut or changed anywhere they are refused with a reason, or read, but never anything else', () => {
    const body = golden(`metrics.${extension}`);
    const mutation = fc.record({
      at: fc.nat(body.length - 1),
      bytes: fc.uint8Array({ maxLength: 12 }),
      cut: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        let bytes = Uint8Array.from(body);
        for (const { at, bytes: written, cut } of mutations) {
          bytes.set(written.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
          if (cut) bytes = bytes.slice(0, at);
        }
        for (const decode of [decodeMetrics, decodeSpans]) {
          try {
            expect(Array.isArray(decode(bytes, { encoding }))).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(TarsierError);
            expect(error).toMatchObject({ code: expect.stringMatching(/^(?:otlp|protobuf)\//u) });
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

test('random bytes are refused or read, but never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeMetrics(bytes, { encoding: 'protobuf' });
      } catch (error) {
        expect(error).toBeInstanceOf(TarsierError);
      }
    }),
    { numRuns: 2_000 },
  );
});

describe('the SDK of today', () => {
  let captured: Captured = new Map();
  beforeAll(async () => {
    captured = await captureFromSdk('delta');
  });

  test('says the same in both encodings', () => {
    const [fromJson, fromProtobuf] = (['json', 'bin'] as const).map((extension) => {
      const encoding = extension === 'json' ? 'json' : 'protobuf';
      return plain({
        metrics: decodeMetrics(captured.get(`metrics.${extension}`) ?? Buffer.alloc(0), { encoding }),
        spans: decodeSpans(captured.get(`traces.${extension}`) ?? Buffer.alloc(0), { encoding }),
      });
    });
    expect(fromJson).toEqual(fromProtobuf);
    const names = decodeMetrics(captured.get('metrics.bin') ?? Buffer.alloc(0), { encoding: 'protobuf' });
    expect(names.map(({ name }) => name).toSorted()).toEqual([
      'connections',
      'orders.placed',
      'payload.size',
      'pool.usage',
      'request.duration',
    ]);
  });

  test('may ask for deltas', () => {
    const metrics = decodeMetrics(captured.get('metrics.bin') ?? Buffer.alloc(0), { encoding: 'protobuf' });
    const orders = metrics.find(({ name }) => name === 'orders.placed');
    expect(orders?.data).toMatchObject({ kind: 'sum', temporality: 'delta', monotonic: true });
  });
});

test('the length of a span is right to the microsecond', () => {
  const [span] = decodeSpans(golden('traces.bin'), { encoding: 'protobuf' });
  expect((span?.endMs ?? 0) - (span?.startMs ?? 0)).toBeCloseTo(1500, 3);
});

describe('JSON', () => {
  const json = (body: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(body));
  const withPoint = (point: unknown): Uint8Array =>
    json({
      resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'a', gauge: { dataPoints: [point] } }] }] }],
    });
  const decodePoint = (point: unknown) => decodeMetrics(withPoint(point), { encoding: 'json' })[0]?.data.points[0];

  test.each([
    ['as a string', '9007199254740993', 9_007_199_254_740_992],
    ['as a number', 42, 42],
    ['below zero', '-7', -7],
  ])('has 64-bit integers %s', (_, asInt, expected) => {
    expect(decodePoint({ asInt })).toMatchObject({ asInt: expected });
  });

  test('an integer attribute keeps all its digits', () => {
    const value = { intValue: '9007199254740993' };
    expect(decodePoint({ attributes: [{ key: 'id', value }] })?.attributes.get('id')).toBe('9007199254740993');
  });

  test.each([
    ['1764000000000999999', 1_764_000_000_000],
    ['1764000000001000000', 1_764_000_000_001],
    [1_764_000_000_000_000_000, 1_764_000_000_000],
    ['5', 0],
  ])('a time of %s ns is %d ms', (timeUnixNano, expected) => {
    expect(decodePoint({ timeUnixNano, asInt: 1 })).toMatchObject({ timeMs: expected });
  });

  test.each<[what: string, body: unknown, field: string]>([
    ['a list that is none', { resourceMetrics: {} }, 'resourceMetrics'],
    ['a null in a list', { resourceMetrics: [null] }, 'resourceMetrics[0]'],
    [
      'a number that is none',
      { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ gauge: { dataPoints: [{ asDouble: 'x' }] } }] }] }] },
      'resourceMetrics[0].scopeMetrics[0].metrics[0].gauge.dataPoints[0].asDouble',
    ],
  ])('%s is refused by its place', (_, body, field) => {
    expect(() => decodeMetrics(json(body), { encoding: 'json' })).toThrow(
      expect.objectContaining({ code: 'otlp/field', field }),
    );
  });

  test('what is no JSON is refused', () => {
    expect(() => decodeMetrics(new TextEncoder().encode('{"resourceMetrics"'), { encoding: 'json' })).toThrow(
      expect.objectContaining({ code: 'otlp/json' }),
    );
  });

  test('unknown fields and snake_case names are passed over', () => {
    expect(decodeMetrics(json({ resource_metrics: 7, more: [] }), { encoding: 'json' })).toEqual([]);
  });

  test('attributes may be nested, but not without end', () => {
    let value: unknown = { stringValue: 'x' };
    for (let depth = 0; depth < 3; depth++) value = { arrayValue: { values: [value] } };
    const attributes = [{ key: '__proto__', value }];
    expect(decodePoint({ attributes, asInt: 1 })?.attributes.get('__proto__')).toBe('[[["x"]]]');
    const deep = `{"resourceMetrics":[{"resource":{"attributes":[{"key":"deep","value":${'{"arrayValue":{"values":['.repeat(5_000)}{}${']}}'.repeat(5_000)}}]}}]}`;
    expect(() => decodeMetrics(new TextEncoder().encode(deep), { encoding: 'json' })).toThrow(
      expect.objectContaining({ code: 'otlp/field', message: expect.stringContaining('at most 16 deep') }),
    );
  });
});

test('more than fits is refused before it is built', () => {
  // 300,000 points of no content: two bytes each.
  const points = new Uint8Array(600_000);
  for (let at = 0; at < points.length; at += 2) points[at] = 0x0a;
  const wrap = (tag: number, bytes: Uint8Array): Uint8Array => {
    const length: number[] = [];
    for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
      length.push(rest >= 128 ? (rest % 128) + 128 : rest);
      if (rest < 128) break;
    }
    return Uint8Array.from([tag, ...length, ...bytes]);
  };
  const body = wrap(0x0a, wrap(0x12, wrap(0x12, wrap(0x2a, points))));
  expect(() => decodeMetrics(body, { encoding: 'protobuf' })).toThrow(
    expect.objectContaining({ code: 'otlp/too-large' }),
  );
  expect(decodeMetrics(body, { encoding: 'protobuf', maxItems: 400_000 })[0]?.data.points.length).toBe(300_000);
});
