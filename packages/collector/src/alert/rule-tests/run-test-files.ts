/** `tarsier-collector test-rules FILE…`: rule unit tests in promtool's format, against our own evaluation. */
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { describeError, TarsierError } from '@tarsier/protocol';
import { parseRuleFile } from '../groups/rule-file.ts';
import { runRuleTest, type Problem, type RuleSet } from './run-test.ts';
import { parseRuleTests, type RuleTest, type RuleTestFile } from './test-file.ts';

export interface FileResult {
  readonly file: string;
  /** What is odd about the file and does not make it fail. */
  readonly warnings: readonly string[];
  /** Why nothing of it could be run. */
  readonly error: string | undefined;
  readonly tests: readonly { readonly test: RuleTest; readonly problems: readonly Problem[] }[];
}

export async function runTestFile(file: string): Promise<FileResult> {
  const warnings: string[] = [];
  try {
    const given = parseRuleTests(await readFile(file, 'utf8'));
    const rules = await rulesOf(given, dirname(file), warnings);
    warnings.push(...unknownAlerts(given, rules));
    const tests: { test: RuleTest; problems: readonly Problem[] }[] = [];
    for (const test of given.tests) {
      tests.push({ test, problems: await runRuleTest(test, rules, given.evaluationIntervalMs) });
    }
    return { file, warnings, error: undefined, tests };
  } catch (error) {
    return { file, warnings, error: describeError(error), tests: [] };
  }
}

/** What people read of it, and whether all is as expected. */
export function formatResults(results: readonly FileResult[]): { readonly text: string; readonly ok: boolean } {
  const lines: string[] = [];
  let [passed, failed] = [0, 0];
  for (const { file, warnings, error, tests } of results) {
    lines.push(file, ...warnings.map((text) => `  warning: ${text}`));
    if (error !== undefined) {
      failed++;
      lines.push(`  FAIL  ${error}`);
    }
    for (const { test, problems } of tests) {
      if (problems.length === 0) {
        passed++;
        lines.push(`  ok    ${test.name} (${count(test.alerts.length + test.expressions.length, 'check')})`);
        continue;
      }
      failed++;
      lines.push(`  FAIL  ${test.name}`);
      for (const { line, what, details } of problems) {
        lines.push(`    line ${line}: ${what}`, ...details.map((text) => `      ${text}`));
      }
    }
  }
  lines.push(`${count(results.length, 'file')}: ${passed} passed, ${failed} failed`);
  return { text: `${lines.join('\n')}\n`, ok: failed === 0 };
}

async function rulesOf(
  { ruleFiles, groupOrder }: RuleTestFile,
  folder: string,
  warnings: string[],
): Promise<readonly RuleSet[]> {
  const rules: RuleSet[] = [];
  for (const pattern of ruleFiles) {
    const files = globSync(isAbsolute(pattern) ? pattern : join(folder, pattern)).toSorted();
    if (files.length === 0) warnings.push(`rule_files: there is no file ${pattern}`);
    for (const file of files) {
      try {
        for (const group of parseRuleFile(await readFile(file, 'utf8'))) rules.push({ file, group });
      } catch (cause) {
        throw new TarsierError('rules/test-file', file, { cause });
      }
    }
  }
  // Those that are not named stay where they are, beside the first.
  const place = ({ group }: RuleSet): number => Math.max(0, groupOrder.indexOf(group.name));
  return rules.toSorted((a, b) => place(a) - place(b));
}

/** A slip of the pen in a name makes a test pass that expects no alert. */
function unknownAlerts({ tests }: RuleTestFile, rules: readonly RuleSet[]): readonly string[] {
  const known = new Set(
    rules.flatMap(({ group }) => group.rules.map((rule) => (rule.kind === 'alert' ? rule.alert : ''))),
  );
  return tests
    .flatMap(({ alerts }) => alerts)
    .filter(({ alertname }) => !known.has(alertname))
    .map(({ line, alertname }) => `line ${line}: no rule is named ${alertname}`);
}

function count(many: number, of: string): string {
  return `${many} ${of}${many === 1 ? '' : 's'}`;
}
