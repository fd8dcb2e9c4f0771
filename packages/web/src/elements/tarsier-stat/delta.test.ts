import { expect, test } from 'vitest';
import { de } from '../../i18n/de.ts';
import { en } from '../../i18n/en.ts';
import { deltaInWords } from './delta.ts';

const english = { lang: 'en', timeZone: undefined };

test.each([
  [112, 100, 'down', '↑ up 12%, worse'],
  [112, 100, 'up', '↑ up 12%, better'],
  [50, 100, 'down', '↓ down 50%, better'],
  [50, 100, '', '↓ down 50%'],
  [100.1, 100, 'up', 'as before'],
  [1, 0, 'up', ''],
  [NaN, 1, 'up', ''],
] as const)('%d after %d where %j is better: %s', (value, before, better, text) =>
  expect(deltaInWords(value, before, better, en.delta, english)).toBe(text),
);

test('in German with its own percent sign', () => {
  expect(deltaInWords(112, 100, 'down', de.delta, { lang: 'de', timeZone: undefined })).toBe(
    '↑ 12\u00a0% mehr, schlechter',
  );
});
