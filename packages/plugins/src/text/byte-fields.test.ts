import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteFields } from './byte-fields.ts';

function read(fields: ByteFields, text: string): number[] {
  fields.read(Buffer.from(text, 'latin1'));
  return [...fields.values];
}

test('numbers are found by name, whatever else the file has and however it is spaced', () => {
  const fields = new ByteFields(['MemTotal', 'Active(anon)', 'pgfault', 'Gone']);
  const text = 'MemTotal:       16384 kB\nMemFree: 1 kB\nActive(anon):\t7\npgfault 9007199254740991\n';
  expect(read(fields, text)).toEqual([16384, 7, 9007199254740991, Number.NaN]);
});

test('lines that move, come, go, or are cut between two readings are followed', () => {
  const fields = new ByteFields(['a', 'bb']);
  expect(read(fields, 'a 1\nx 2\nbb 3\n')).toEqual([1, 3]);
  expect(read(fields, 'bb 4\na -5\n')).toEqual([-5, 4]);
  expect(read(fields, 'x 1\ny 1\nz 1\nbb 6')).toEqual([Number.NaN, 6]);
  expect(read(fields, 'a')).toEqual([Number.NaN, Number.NaN]);
  expect(read(fields, '')).toEqual([Number.NaN, Number.NaN]);
  expect(read(fields, 'a none\nbb:\n')).toEqual([Number.NaN, Number.NaN]);
});

test('a line may have several numbers', () => {
  const fields = new ByteFields(['cpu', 'softirq']);
  fields.read(Buffer.from('cpu  10 20 30 40\nsoftirq 5\nctxt 7\n'));
  const numbers = new Float64Array(3);
  fields.numbers(0, numbers);
  expect([...numbers]).toEqual([10, 20, 30]);
  // The next line's are not its own.
  fields.numbers(1, numbers);
  expect([...numbers]).toEqual([5, Number.NaN, Number.NaN]);
});

test('it reads what the kernel could write as a plain parser does, again and again', () => {
  const line = fc.tuple(fc.stringMatching(/^[A-Za-z_()]{1,6}$/u), fc.maxSafeNat());
  const fields = new ByteFields(['a', 'b', 'ab', 'A(b)']);
  fc.assert(
    fc.property(fc.uniqueArray(line, { selector: ([name]) => name, maxLength: 20 }), (lines) => {
      const text = lines.map(([name, value]) => `${name}: ${value} kB\n`).join('');
      const expected = new Map(lines);
      expect(read(fields, text)).toEqual(['a', 'b', 'ab', 'A(b)'].map((name) => expected.get(name) ?? Number.NaN));
    }),
  );
});
