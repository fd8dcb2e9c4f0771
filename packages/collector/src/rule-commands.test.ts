import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ruleCommands } from './rule-commands.ts';

const folder = fileURLToPath(new URL('alert/rule-tests/testdata/', import.meta.url));

test('rule files are checked without a collector, and what is wrong is named with its line', async () => {
  const checked = await ruleCommands['check-rules']?.([`${folder}hosts.rules.yaml`, `${folder}passing.test.yaml`]);
  expect(checked?.ok).toBe(false);
  expect(checked?.text.replaceAll(folder, '').split('\n')).toEqual([
    'ok    hosts.rules.yaml: 1 groups, 2 alerting and 0 recording rules',
    expect.stringMatching(/^FAULT passing\.test\.yaml: line \d+: rule_files: there is no such field$/u),
    '',
  ]);
});

test.each(['check-rules', 'test-rules'])('%s wants a file', async (command) => {
  await expect(ruleCommands[command]?.([])).rejects.toMatchObject({
    code: 'usage/file',
    message: `${command}: expected a file`,
  });
});
