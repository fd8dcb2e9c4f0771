import { expect, test } from 'vitest';
import { z } from 'zod';
import { definePlugin } from './plugin.ts';

const mine = definePlugin({
  name: 'mine',
  summary: 'A plugin of a test.',
  config: z.strictObject({ every: z.number().default(1), password: z.string().min(12).default('not-that-short') }),
  metrics: {},
  create: () => ({ scrape() {} }),
});

test.each([
  [{ every: 'x' }, 'mine.every', 'mine.every: expected a number, got string "x"'],
  [{ evry: 1 }, 'mine.evry', 'mine.evry: there is no such field'],
  [
    { password: 'hunter2' },
    'mine.password',
    'mine.password: expected at least 12 characters, got a string (not shown)',
  ],
  [5, 'mine', 'mine: expected an object, got number 5'],
])('settings %j are refused with the field and what came in it', (config, field, message) => {
  expect(() => mine.checkConfig(config)).toThrow(expect.objectContaining({ code: 'plugin/config', field, message }));
});
