import { readFileSync, writeFileSync } from 'node:fs';
import { builtinPlugins } from '@tarsier/plugins/builtin';
import { expect, test } from 'vitest';
import { checkConfig, settingsSchema } from './config.ts';
import { configJsonSchema } from './config-json-schema.ts';

const file = new URL('../config.schema.json', import.meta.url);

test('the JSON Schema that editors use says what the code takes (UPDATE_SCHEMA=1 writes it)', () => {
  const text = `${JSON.stringify(configJsonSchema(settingsSchema, builtinPlugins), undefined, 2)}\n`;
  if (process.env['UPDATE_SCHEMA'] === '1') writeFileSync(file, text);
  else expect(readFileSync(file, 'utf8')).toBe(text);
});

test('the options of every plugin are checked, unknown ones included', () => {
  for (const { name } of builtinPlugins) {
    const text = JSON.stringify({ key: 'k', plugins: { [name]: { 'no-such-option': 1 } } });
    const { problems } = checkConfig({ file: { path: 'agent.yaml', text }, environment: {} });
    expect(problems.map(({ field }) => field)).toContain(`plugins.${name}.no-such-option`);
  }
});
