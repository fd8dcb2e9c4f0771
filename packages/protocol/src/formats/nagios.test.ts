import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from './format-error.ts';
import { parseNagiosOutput } from './nagios.ts';

const none = { warning: undefined, critical: undefined, min: undefined, max: undefined };

test('values, thresholds and limits are in base units', () => {
  const output = "DISK OK - free space: / 5 MB | /=12MB;16;20;0;32 'c pu'=57%;80;@90:95 time=7ms;;;0 n=-1.5;~:10;5:\n";
  expect(parseNagiosOutput(output)).toEqual({
    text: 'DISK OK - free space: / 5 MB',
    badItems: 0,
    errors: [],
    perfdata: [
      {
        label: '/',
        unit: 'bytes',
        isCounter: false,
        value: 12 * 1024 ** 2,
        warning: { from: 0, to: 16 * 1024 ** 2, inside: false },
        critical: { from: 0, to: 20 * 1024 ** 2, inside: false },
        min: 0,
        max: 32 * 1024 ** 2,
      },
      {
        ...none,
        label: 'c pu',
        unit: 'ratio',
        isCounter: false,
        value: 0.57,
        warning: { from: 0, to: 0.8, inside: false },
        critical: { from: 0.9, to: 0.95, inside: true },
      },
      { ...none, label: 'time', unit: 'seconds', isCounter: false, value: 0.007, min: 0 },
      {
        ...none,
        label: 'n',
        unit: '',
        isCounter: false,
        value: -1.5,
        warning: { from: -Infinity, to: 10, inside: false },
        critical: { from: 5, to: Infinity, inside: false },
      },
    ],
  });
});

test.each([
  ['a=1', '', 1],
  ['a=1c', '', 1],
  ['a=2s', 'seconds', 2],
  ['a=3us', 'seconds', 0.000003],
  ['a=1B', 'bytes', 1],
  ['a=1KB', 'bytes', 1024],
  ['a=1kB', 'bytes', 1024],
  ['a=1MiB', 'bytes', 1024 ** 2],
  ['a=1GB', 'bytes', 1024 ** 3],
  ['a=1TB', 'bytes', 1024 ** 4],
  ['a=20C', '', 20],
  ['a=1.5e3rpm', '', 1500],
  ['a=U', '', undefined],
  ["'it''s'=.5", '', 0.5],
])('%s', (item, unit, value) => {
  const { perfdata, errors } = parseNagiosOutput(`OK | ${item}`);
  expect(errors).toEqual([]);
  expect(perfdata).toMatchObject([{ unit, value, isCounter: item.endsWith('c') }]);
});

test('performance data may go on after more text', () => {
  const { text, perfdata } = parseNagiosOutput('OK | a=1\r\nlong text\nmore text | b=2\nc=3\n  d=4 e=5\n');
  expect(text).toBe('OK');
  expect(perfdata.map(({ label, value }) => `${label}=${value}`)).toEqual(['a=1', 'b=2', 'c=3', 'd=4', 'e=5']);
});

test('a plugin without performance data is read too', () => {
  expect(parseNagiosOutput('CRITICAL: no\nlong = text\n')).toMatchObject({ text: 'CRITICAL: no', perfdata: [] });
  expect(parseNagiosOutput('')).toMatchObject({ text: '', perfdata: [], badItems: 0 });
});

test('an item that is not right costs only itself, and its error says where it is', () => {
  const { perfdata, badItems, errors } = parseNagiosOutput("OK | a=1 b=x c=2 'open=3 d=1;;;y e=5 f=1e999");
  expect(perfdata.map(({ label }) => label)).toEqual(['a', 'c', 'e']);
  expect(badItems).toBe(4);
  expect(errors.map(({ message }) => message)).toEqual([
    'line 1, column 12: expected a number, got "x c=2 \'open=3 d=1;;;y e=5 f=1e999"',
    'line 1, column 18: expected a label, got "\'open=3 d=1;;;y e=5 f=1e999"',
    'line 1, column 32: expected a number, got "y e=5 f=1e999"',
    'line 1, column 40: expected a number, got "1e999"',
  ]);
});

test('a damaged output is items and errors with their places, never anything else', () => {
  const text = "OK - x | '/va r'=12MB;@1:2;~:3;0;9 t=1.5ms;;;\nlong | u=U b=1c\n";
  const damage = fc.tuple(
    fc.nat({ max: text.length }),
    fc.nat({ max: 8 }),
    fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom('|', "'", '=', ';', ' ', '\n', '@', ':', '~')),
  );
  fc.assert(
    fc.property(damage, ([at, cut, inserted]) => {
      const { perfdata, errors } = parseNagiosOutput(text.slice(0, at) + inserted + text.slice(at + cut));
      for (const error of errors) expect(error).toBeInstanceOf(FormatError);
      for (const { label, value } of perfdata) {
        expect(label).not.toBe('');
        expect(Number.isFinite(value ?? 0)).toBe(true);
      }
    }),
    { numRuns: 3000 },
  );
});
