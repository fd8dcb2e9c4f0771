import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seriesSignature } from '../labels.ts';
import { FormatError } from './format-error.ts';
import { maxLineLength } from './format-sample.ts';
import { parseInfluxLines, type InfluxPrecision } from './influx-line.ts';

/** Series, value and time of each sample; fails on a line that is not right. */
function brief(text: string, precision?: InfluxPrecision): unknown[] {
  const { samples, errors } = parseInfluxLines(text, precision);
  expect(errors).toEqual([]);
  return samples.map(({ metric, labels, value, time }) => [
    seriesSignature({ name: metric.name, labels }),
    value,
    ...(time === undefined ? [] : [time]),
  ]);
}

test('each field is a metric, tags are labels, and every type of value is read', () => {
  const text = `# a comment
weather,city=Oslo,station=a-1 temperature=-1.5e1,rain_bytes_total=3u,wet=T,dry=false,count=12i,note="cold, \\"very\\"" 1764000000123456789

 plain value=1 \r
`;
  expect(brief(text)).toEqual([
    ['weather_temperature{city="Oslo",station="a-1"}', -15, 1_764_000_000_123],
    ['weather_rain_bytes_total{city="Oslo",station="a-1"}', 3, 1_764_000_000_123],
    ['weather_wet{city="Oslo",station="a-1"}', 1, 1_764_000_000_123],
    ['weather_dry{city="Oslo",station="a-1"}', 0, 1_764_000_000_123],
    ['weather_count{city="Oslo",station="a-1"}', 12, 1_764_000_000_123],
    ['plain_value', 1],
  ]);
  const { samples, textFields } = parseInfluxLines(text);
  expect(textFields).toBe(1);
  expect(samples[1]?.metric).toEqual({
    name: 'weather_rain_bytes_total',
    kind: 'counter',
    unit: 'bytes',
    help: '',
  });
});

test('escapes are undone, and a string may go over lines', () => {
  const text = String.raw`my\ disk\,1,mount\=point=C:\Pro\ gram\=s,b\,c=d free\ space=1,a\=b=2 5
m note="one
two \\" 6
m x=3 7`;
  expect(brief(text, 'ms')).toEqual([
    [String.raw`my_disk_1_free_space{b_c="d",mount_point="C:\\Pro gram=s"}`, 1, 5],
    [String.raw`my_disk_1_a_b{b_c="d",mount_point="C:\\Pro gram=s"}`, 2, 5],
    ['m_x', 3, 7],
  ]);
});

test.each([
  ['ns', '1764000000123999999', 1_764_000_000_123],
  ['us', '1764000000123999', 1_764_000_000_123],
  ['ms', '1764000000123', 1_764_000_000_123],
  ['s', '1764000000', 1_764_000_000_000],
  ['m', '29400000', 1_764_000_000_000],
  ['h', '490000', 1_764_000_000_000],
  ['ns', '12', 0],
  ['s', '-5', -5000],
] as const)('a time in %s: %s', (precision, digits, time) => {
  expect(brief(`m x=1 ${digits}`, precision)).toEqual([['m_x', 1, time]]);
});

test.each([
  [',a=b x=1', 1, 'expected a measurement'],
  ['m', 2, 'expected a blank and then fields, got the end of the line'],
  ['m,a x=1', 4, 'expected "="'],
  ['m,a= x=1', 5, 'expected a value of the tag a'],
  ['m,a=b,a=c x=1', 7, 'expected each tag once'],
  ['m,a=b', 6, 'expected a blank'],
  ['m x', 4, 'expected "="'],
  ['m x=', 5, 'expected a number, true, false or a string in quotes'],
  ['m x=what', 5, 'expected a number, true, false or a string in quotes'],
  ['m x="open', 5, 'expected a number, true, false or a string in quotes'],
  ['m x=1.5i', 8, 'expected a whole number before i or u'],
  ['m x=1e999', 5, 'expected a number that fits into a double'],
  ['m x=1, y=2', 7, 'expected a field'],
  ['m x=1 1.5', 7, 'expected Unix time in ns'],
  ['m x=1 99999999999999999999', 7, 'expected Unix time in ns'],
  ['m x=1 5 6', 8, 'expected the end of the line'],
  ['m x=tru', 6, 'expected the end of the line'],
])('%s costs only itself, and is told at column %i', (line, column, message) => {
  const { samples, badLines, errors } = parseInfluxLines(`ok x=1\n${line}\nok x=2`);
  expect(samples.map(({ value }) => value)).toEqual([1, 2]);
  expect(badLines).toBe(1);
  expect(errors).toMatchObject([{ line: 2, column, message: expect.stringContaining(message) }]);
});

test('a line that is too long, and a string that never ends, are refused within bounds', () => {
  const long = 'a'.repeat(maxLineLength);
  expect(parseInfluxLines(`m,t=${long} x=1\nm x=2`)).toMatchObject({
    badLines: 1,
    errors: [{ code: 'format/limit', line: 1 }],
    samples: [{ value: 2 }],
  });
  const { badLines, errors } = parseInfluxLines(`m x="${'text\n'.repeat(200_000)}`);
  expect(errors).toHaveLength(10);
  expect(errors[0]).toMatchObject({ line: 1, column: 5 });
  expect(badLines).toBe(1000);
});

const word = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 10 })
  .filter((text) => !/[\\\n\r\t]|^#/u.test(text));
const escape = (text: string): string => text.replaceAll(/[,= ]/gu, String.raw`\$&`);

test('any tags and numbers that were written come back', () => {
  const point = fc.record({
    tags: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/u), word, { noNullPrototype: true, maxKeys: 5 }),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }),
    time: fc.integer({ min: 0, max: 8_640_000_000_000 }),
  });
  fc.assert(
    fc.property(fc.array(point, { maxLength: 5 }), (points) => {
      const lines = points.map(
        ({ tags, value, time }) =>
          `m${Object.entries(tags)
            .map(([tag, text]) => `,${tag}=${escape(text)}`)
            .join('')} x=${Object.is(value, -0) ? '-0' : value} ${time}`,
      );
      const { samples, errors } = parseInfluxLines(lines.join('\n'), 'ms');
      expect(errors).toEqual([]);
      expect(samples.map(({ labels, value, time }) => ({ tags: labels, value, time }))).toEqual(points);
    }),
  );
});

test('a damaged text is samples and errors with their places, never anything else', () => {
  const text = String.raw`m\ 1,a=b\,c x=1i,y="s\"t",z=T 1764000000000000000` + '\nn x=1\n';
  const damage = fc.tuple(
    fc.nat({ max: text.length }),
    fc.nat({ max: 8 }),
    fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom(',', '"', '\\', '=', ' ', '\n', '#')),
  );
  fc.assert(
    fc.property(damage, ([at, cut, inserted]) => {
      const reading = parseInfluxLines(text.slice(0, at) + inserted + text.slice(at + cut));
      expect(reading.badLines).toBe(reading.errors.length);
      for (const error of reading.errors) expect(error).toBeInstanceOf(FormatError);
      for (const { metric, value } of reading.samples) {
        expect(metric.name).toMatch(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/u);
        expect(value).toBeTypeOf('number');
      }
    }),
    { numRuns: 3000 },
  );
});
