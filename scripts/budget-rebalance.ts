/**
 * `pnpm budget:rebalance DATA_DIR`: amounts by the day for recordings of demand under a folder (`timestamp,value`
 * files; those of one folder are budgets that give to each other), by the first three quarters of their days, tried on
 * the last one, beside amounts as they were and by mean. docs/ml/budget.md has its results.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { backtestRebalance, rebalance } from '../packages/collector/src/learn/budgeting/rebalance.ts';

const [folder] = process.argv.slice(2);
/** A tweet, a request: what one of them costs is the same for all, and so does not matter. */
const price = 1_000_000;
const unit = 1_000;
const weekDays = 7;

if (folder === undefined) {
  process.stderr.write('usage: pnpm budget:rebalance DATA_DIR\n');
  process.exitCode = 2;
} else {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.csv'));
  for (const [group, of] of Map.groupBy(files.toSorted(), (file) => dirname(file))) {
    const days = of.map((file) => daysOf(join(folder, file)));
    const length = Math.min(...days.map((one) => one.length));
    if (of.length < 2 || length < 2 * weekDays) continue;
    process.stdout.write(`${group}: ${of.map((file) => basename(file, '.csv')).join(', ')}; ${length} days\n\n`);
    process.stdout.write(
      '| sum, of what is wanted on average | steps of at most | rebalanced | as it was | by mean | amounts that moved |\n| --- | --- | --- | --- | --- | --- |\n',
    );
    for (const scale of [0.8, 1, 1.2, 1.5, 2]) {
      for (const maxStep of [0.25, 1]) {
        const pasts = days.map((one) => {
          const known = one.subarray(0, length);
          const firstWeek = known.subarray(0, weekDays).reduce((sum, day) => sum + day, 0) / weekDays;
          return { from: Math.round(firstWeek * scale), minimum: 0, maximum: 9e15, value: 1, days: known };
        });
        const options = { periodDays: 1, maxStep, unit, draws: 500, seed: 1 };
        const tested = backtestRebalance(pasts, options);
        const moved = rebalance(pasts, options)?.shifts.map(({ to }, at) =>
          Math.round((100 * to) / (pasts[at]?.from ?? 1)),
        );
        const shares = tested?.rows.map(({ served }) => `${(100 * served).toFixed(1)} %`).join(' | ');
        process.stdout.write(`| ${scale} | ${100 * maxStep} % | ${shares} | ${moved?.join(', ')} % of before |\n`);
      }
    }
    process.stdout.write('\n');
  }
}

/** Sums of whole days, at a price for each. */
function daysOf(file: string): Float64Array {
  const sums = new Map<string, number>();
  for (const line of readFileSync(file, 'utf8').trim().split('\n').slice(1)) {
    const [time = '', value] = line.split(',');
    const day = time.slice(0, 10);
    sums.set(day, (sums.get(day) ?? 0) + Math.max(0, Number(value)) * price);
  }
  // The first and the last day are not whole.
  return Float64Array.from([...sums.values()].slice(1, -1));
}
