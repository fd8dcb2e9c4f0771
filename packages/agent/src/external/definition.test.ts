import { definePlugin, type Plugin } from '@tarsier/plugins';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { definitionAdvice, definitionFault } from './definition.ts';

const sound = definePlugin({
  name: 'mine',
  summary: 'A plugin of a test.',
  config: z.object({}),
  metrics: { mine_answer: { kind: 'gauge', unit: '', help: 'The answer.' } },
  create: () => ({ scrape() {} }),
});
/** As one in JavaScript may be. */
const changed = (changes: object): Plugin => Object.assign({ ...sound }, changes);

test('a plugin that is as it should be is neither refused nor warned of', () => {
  expect([definitionFault(sound), definitionAdvice(sound)]).toEqual([undefined, undefined]);
});

test.each([
  ['name', changed({ name: 'My_Mine' })],
  ['name', changed({ name: '2fa' })],
  ['metrics.mine_answer.unit', changed({ metrics: { mine_answer: { kind: 'gauge', unit: null, help: '' } } })],
  ['metrics.mine_answer.help', changed({ metrics: { mine_answer: { kind: 'gauge', unit: '', help: 7 } } })],
])('another %s than it should be is warned of, and not refused', (field, plugin) => {
  expect(definitionFault(plugin)).toBe(undefined);
  expect(definitionAdvice(plugin)).toContain(`${field}: expected `);
});
