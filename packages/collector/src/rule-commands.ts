/** Commands about rule files: they need no collector and no database. */
import { readFile } from 'node:fs/promises';
import { describeError, TarsierError } from '@tarsier/protocol';
import type { FileResult } from './alert/rule-tests/run-test-files.ts';

/** @returns what goes to stdout, and whether all is well */
type RuleCommand = (files: readonly string[]) => Promise<{ readonly text: string; readonly ok: boolean }>;

export const ruleCommands: Readonly<Record<string, RuleCommand>> = {
  async 'test-rules'(files) {
    requireFiles('test-rules', files);
    const { formatResults, runTestFile } = await import('./alert/rule-tests/run-test-files.ts');
    const results: FileResult[] = [];
    for (const file of files) results.push(await runTestFile(file));
    return formatResults(results);
  },

  async 'check-rules'(files) {
    requireFiles('check-rules', files);
    const { parseRuleFile } = await import('./alert/groups/rule-file.ts');
    const lines: string[] = [];
    let ok = true;
    for (const file of files) {
      try {
        const groups = parseRuleFile(await readFile(file, 'utf8'));
        const rules = groups.flatMap((group) => group.rules);
        const alerting = rules.filter(({ kind }) => kind === 'alert').length;
        lines.push(
          `ok    ${file}: ${groups.length} groups, ${alerting} alerting and ${rules.length - alerting} recording rules\n`,
        );
      } catch (error) {
        ok = false;
        lines.push(`FAULT ${file}: ${describeError(error)}\n`);
      }
    }
    return { text: lines.join(''), ok };
  },
};

function requireFiles(command: string, files: readonly string[]): void {
  if (files.length === 0) throw new TarsierError('usage/file', `${command}: expected a file`);
}
