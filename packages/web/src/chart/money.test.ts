import { expect, test } from 'vitest';
import { formatUsdText } from './money.ts';

test.each([
  ['12.5', '$12.50'],
  ['0.00', '$0.00'],
  ['0.000123456', '$0.00012'],
  ['1234567.891', '$1,234,567.89'],
  ['-3.2', '−$3.20'],
])('%s USD is %s', (text, shown) => expect(formatUsdText(text, { lang: 'en', timeZone: undefined })).toBe(shown));
