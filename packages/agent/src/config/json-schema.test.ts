import { readFileSync, writeFileSync } from 'node:fs';
import { builtinPlugins } from '@tarsier/plugins/builtin';
import { expect, test } from 'vitest';
import { checkConfig, settingsSchema, variables } from './config.ts';
import { configJsonSchema, jsonSchemaOf } from './json-schema.ts';

const file = new URL('../../config.schema.json', import.meta.url);

test('the JSON Schema that editors use says what the code takes (UPDATE_SCHEMA=1 writes it)', () => {
  const text = `${JSON.stringify(configJsonSchema(settingsSchema, builtinPlugins), undefined, 2)}\n`;
  if (process.env['UPDATE_SCHEMA'] === '1') writeFileSync(file, text);
  else expect(readFileSync(file, 'utf8')).toBe(text);
});

/** `pnpm format` puts its columns below each other. */
function settingsTable(): string {
  const rows = Object.entries(jsonSchemaOf(settingsSchema).properties ?? {}).map(([name, schema]) => {
    const { default: fallback, description = '' } = typeof schema === 'object' ? schema : {};
    const [variable = ''] = Object.entries(variables).flatMap(([one, setting]) =>
      setting === name ? [`\`${one}\``] : [],
    );
    return `| \`${name}\` | ${variable} | ${fallback === undefined ? '' : `\`${JSON.stringify(fallback)}\``} | ${description} |`;
  });
  return ['| setting | environment | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

test('the README lists the settings as they are (UPDATE_SCHEMA=1 writes them)', () => {
  const readme = new URL('../../README.md', import.meta.url);
  const text = readFileSync(readme, 'utf8');
  const [before = '', after = ''] = text.split(/(?<=<!-- settings: begin -->)[^]*(?=<!-- settings: end -->)/u);
  const expected = `${before}\n\n${settingsTable()}\n\n${after}`;
  const plain = (markdown: string): string => markdown.replaceAll(/ +/gu, ' ').replaceAll(/-{3,}/gu, '---');
  if (process.env['UPDATE_SCHEMA'] !== '1') expect(plain(text)).toBe(plain(expected));
  else if (plain(text) !== plain(expected)) writeFileSync(readme, expected);
});

test('the options of every plugin are checked, unknown ones included', () => {
  for (const { name } of builtinPlugins) {
    const text = JSON.stringify({ key: 'k', plugins: { [name]: { 'no-such-option': 1 } } });
    const { problems } = checkConfig({ file: { path: 'agent.yaml', text }, environment: {} });
    expect(problems.map(({ field }) => field)).toContain(`plugins.${name}.no-such-option`);
  }
});
