import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isLabelName } from '../labels.ts';
import { FormatError } from './format-error.ts';
import { maxLineLength } from './format-sample.ts';
import { parseJsonLine, parseJsonLines } from './json-line.ts';

test('a name and a value are enough: the name says kind and unit, and the time is now', () => {
  expect(parseJsonLine('{"name":"queue_length","value":3}')).toEqual({
    metric: { name: 'queue_length', kind: 'gauge', unit: '', help: '' },
    labels: {},
    value: 3,
    time: undefined,
  });
  expect(parseJsonLine('{"name":"mail_sent_bytes_total","value":12.5e3}').metric).toMatchObject({
    kind: 'counter',
    unit: 'bytes',
  });
});

test('everything may be said, in any order and with any blanks', () => {
  const line = ` { "labels" : {"queue":"mail \\u00e9\\n", "code":200, "fresh":true} , "time":1764000000000,
    "help":"Jobs.", "unit":"jobs", "kind":"counter", "value":-0.5, "name":"queue:jobs" } `.replaceAll('\n', '');
  expect(parseJsonLine(line)).toEqual({
    metric: { name: 'queue:jobs', kind: 'counter', unit: 'jobs', help: 'Jobs.' },
    labels: { queue: 'mail é\n', code: '200', fresh: 'true' },
    value: -0.5,
    time: 1_764_000_000_000,
  });
});

test.each([
  ['', 1, 'expected "{", got the end of the line'],
  ['[1]', 1, 'expected "{", got "[1]"'],
  ['{"name":"a"', 12, 'expected "," or "}"'],
  ['{"name":"a","value":1} x', 24, 'expected the end of the line, got "x"'],
  ['{"name":"a"}', 1, 'expected an object with name and value'],
  ['{"name":"9a","value":1}', 9, 'expected a metric name'],
  ['{"name":"a","value":"1"}', 21, 'expected a finite number, got "\\"1\\"}"'],
  ['{"name":"a","value":1e999}', 21, 'expected a finite number'],
  ['{"name":"a","value":NaN}', 21, 'expected a finite number'],
  ['{"name":"a","value":01}', 22, 'expected "," or "}"'],
  ['{"name":"a","valeu":1}', 13, 'expected one of name, value, kind, unit, help, labels, time'],
  ['{"name":"a","name":"b","value":1}', 13, 'expected name once'],
  ['{"name":"a","value":1,"kind":"histogram"}', 30, 'expected "gauge" or "counter"'],
  ['{"name":"a","value":1,"time":1764000000}', 30, 'expected Unix time in whole milliseconds'],
  ['{"name":"a","value":1,"time":1764000000000.5}', 30, 'expected Unix time in whole milliseconds'],
  ['{"name":"a","value":1,"labels":{"a-b":"c"}}', 33, 'expected label names'],
  ['{"name":"a","value":1,"labels":{"__proto__":"c"}}', 33, 'expected label names'],
  ['{"name":"a","value":1,"labels":{"b":"c","b":"d"}}', 41, 'expected label names, each once'],
  ['{"name":"a","value":1,"labels":{"b":["c"]}}', 37, 'expected a string'],
  ['{"name":"a","value":1,"labels":{"b":"\u0001"}}', 37, 'expected a string'],
])('%s is refused at column %i', (line, column, message) => {
  expect(() => parseJsonLine(line, 7)).toThrow(
    expect.objectContaining({ code: 'format/syntax', line: 7, column, message: expect.stringContaining(message) }),
  );
});

test('a bad line costs only itself, and the first errors are told', () => {
  const good = '{"name":"a","value":1}';
  const reading = parseJsonLines([good, '', 'what?', `${good}\r`, ...Array.from({ length: 20 }, () => '{')].join('\n'));
  expect(reading.samples).toHaveLength(2);
  expect(reading.badLines).toBe(21);
  expect(reading.errors).toHaveLength(10);
  expect(reading.errors[0]).toMatchObject({ line: 3, column: 1 });
});

test('a line that is too long is refused by its length alone', () => {
  const { errors } = parseJsonLines(`{"name":"a","value":${'1'.repeat(maxLineLength)}}`);
  expect(errors).toMatchObject([{ code: 'format/limit' }]);
});

const word = fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.replaceAll('\0', ''));
const labelName = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/u).filter(isLabelName);

test('whatever JSON.stringify writes comes back', () => {
  const sample = fc.record({
    name: fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,8}$/u),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)),
    kind: fc.constantFrom('gauge', 'counter'),
    unit: word,
    help: word,
    labels: fc.dictionary(labelName, word, { noNullPrototype: true }),
    time: fc.integer({ min: 1e11, max: 8.64e15 }),
  });
  fc.assert(
    fc.property(sample, ({ labels, value, time, ...metric }) => {
      expect(parseJsonLine(JSON.stringify({ ...metric, labels, value, time }))).toEqual({
        metric,
        labels,
        value,
        time,
      });
    }),
  );
});

test('a damaged line is a sample or an error with its place, never anything else', () => {
  const line = '{"name":"a_total","value":-1.5e3,"kind":"gauge","labels":{"b":"c\\n"},"time":1764000000000}';
  const damage = fc.tuple(
    fc.nat({ max: line.length }),
    fc.nat({ max: 5 }),
    fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom('{', '}', '"', '\\', ':', ',', '[', '1e9')),
  );
  fc.assert(
    fc.property(damage, ([at, cut, inserted]) => {
      try {
        const damaged = line.slice(0, at) + inserted + line.slice(at + cut);
        expect(parseJsonLine(damaged).metric.name).not.toBe('');
        // Where we take a line, so does every other reader of JSON.
        expect(JSON.parse(damaged)).toBeTypeOf('object');
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }),
    { numRuns: 3000 },
  );
});
