/** `pnpm test:promql [DIR]`: runs all case files of a folder; without one those of test/promql. Skipped ones are named. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCases } from '../test/promql/run-cases.ts';

const own = fileURLToPath(new URL('../test/promql/cases', import.meta.url));
const given = process.argv.slice(2).find((arg) => arg !== '--');
// pnpm runs scripts at the root, wherever it was called from.
const folder = given === undefined ? own : resolve(process.env['INIT_CWD'] ?? '.', given);
const totals = { passed: 0, failed: 0, skipped: 0 };
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()) {
  if (!file.endsWith('.test')) continue;
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { line, expr, result, why } of await runCases(readFileSync(join(folder, file), 'utf8'))) {
    counts[result]++;
    totals[result]++;
    if (result !== 'passed') say(`${result} ${file}:${line}: ${expr}: ${why}`);
  }
  say(`${file}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
}
say(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
if (totals.failed > 0 || totals.passed === 0) process.exitCode = 1;
