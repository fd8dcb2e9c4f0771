import { expect, test } from 'vitest';
import { axisFormat, formatFigure, formatValue, rateUnit, scaleFor } from './units.ts';

/** Non-breaking spaces read as spaces here; the machine's own separators do not matter to these cases. */
const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

test.each([
  [0.0423, 'ratio', '4.23 %'],
  [1, 'ratio', '100 %'],
  [0, 'ratio', '0 %'],
  [1536, 'bytes', '1.50 KiB'],
  [17_179_869_184, 'bytes', '16.0 GiB'],
  [999, 'bytes/s', '999 B/s'],
  [1_048_576, 'bytes/s', '1.00 MiB/s'],
  [0.0012, 'seconds', '1.20 ms'],
  [31e-9, 'seconds', '31.0 ns'],
  [90, 'seconds', '1.50 min'],
  [2.5, '', '2.50'],
  [-3, '', '\u22123.00'],
  [15_000, '/s', '15.0 k/s'],
  [0.041, '', '0.041'],
  [0.0006, '', '0.00060'],
  [-0.0003, '', '\u22120.00030'],
  [3e-7, 'ratio', '3E\u22125 %'],
  [41e-6, '/s', '4.1E\u22125 /s'],
  [1e-17, 'ratio', '0 %'],
  [-1e-17, 'ratio', '0 %'],
  [-0, 'bytes', '0 B'],
  [17_179_869_184.1 - 17_179_869_184 - 0.1, 'bytes', '0 B'],
  [0.0004, 'bytes/s', '0 B/s'],
  [-0.0006, 'bytes', '\u22120.00060 B'],
  [61.5, 'celsius', '61.5 °C'],
])('%d %s reads as %s', (value, unit, text) => {
  expect(plain(formatValue(value, unit))).toBe(text);
});

test('whole counts have the same minus as all others', () => {
  expect([formatFigure(-6, ''), formatFigure(-6.5, '')]).toEqual(['\u22126', '\u22126.50']);
});

test('what is not known says so, instead of a dash', () => {
  expect(formatValue(undefined, 'bytes')).toBe('no data');
  expect(formatValue(NaN, 'ratio')).toBe('no data');
});

test('an axis has one unit, and as many digits as its steps need', () => {
  const scale = scaleFor('bytes', 4 * 2 ** 30);
  const format = axisFormat(scale, 0.5 * 2 ** 30);
  expect([0, 2 ** 29, 2 ** 30].map((value) => plain(format(value)))).toEqual(['0 GiB', '0.5 GiB', '1 GiB']);
  const percent = axisFormat(scaleFor('ratio', 0.1), 0.025);
  expect([0, 0.025, 0.1].map((value) => plain(percent(value)))).toEqual(['0 %', '2.5 %', '10 %']);
});

test('what an axis writes as 0 has no sign', () => {
  expect([-0, -1e-17, -0.1].map(axisFormat(scaleFor('', 1), 0.1))).toEqual(['0', '0', '\u22120.1']);
});

test.each([
  [1e-5, [0, 1e-5, 3e-5], ['0', '0.00001', '0.00003']],
  [2.5e-7, [0, 2.5e-7, 1e-6], ['0', '2.5E\u22127', '1E\u22126']],
  [1e-7, [-1.2e-6, 1.3e-6], ['\u22121.2E\u22126', '1.3E\u22126']],
  [1e-8, [1, 1.000_000_01], ['1', '1.00000001']],
])('numbers at an axis whose step is %d differ, however small they are', (step, values, written) => {
  expect(values.map(axisFormat(scaleFor('', 1), step))).toEqual(written);
});

test('a rate of bytes is bytes per second', () => {
  expect(rateUnit('bytes')).toBe('bytes/s');
});
