/**
 * `pnpm cost:sizes DATA_DIR`: sizes of hosts by percentiles of three quarters of a recording, tried on the last one,
 * beside sizes by the mean and by the maximum, for every `timestamp,value` recording of CPU in percent under a folder.
 * docs/ml/cost.md has its results.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { hostReport } from '../packages/collector/src/jobs/tasks/cost/host-cost.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: pnpm cost:sizes DATA_DIR\n');
  process.exitCode = 2;
} else {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /cpu_util.*\.csv$/u.test(file),
  );
  const cores = 16;
  // Of cores alone: the recordings have no memory.
  const prices = { coreHour: 30_000_000, gibHour: 0 };
  const sums = { wanted: [0, 0], byMean: [0, 0], byMaximum: [0, 0] };
  let whole = 0;
  process.stdout.write(
    '| recording | cores by percentile, mean, maximum | too small in the last quarter |\n| --- | --- | --- |\n',
  );
  for (const file of files.toSorted()) {
    const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n').slice(1);
    const cpu = Float64Array.from(lines, (line) => Math.min(1, Math.max(0, Number(line.split(',')[1]) / 100)));
    const memory = new Float64Array(cpu.length);
    const use = { host: file, cores, memoryBytes: 1024 ** 3, cpu, memory, steps: cpu.length };
    const { monthly, monthlyOf, overflow } = hostReport(use, prices);
    whole += monthly;
    for (const by of ['wanted', 'byMean', 'byMaximum'] as const) {
      sums[by] = [(sums[by][0] ?? 0) + monthlyOf[by], (sums[by][1] ?? 0) + overflow[by] / files.length];
    }
    const coresOf = (nanos: number): number => Math.round(nanos / (monthly / cores));
    const shares = [overflow.wanted, overflow.byMean, overflow.byMaximum].map(
      (share) => `${(100 * share).toFixed(2)} %`,
    );
    const sizes = [monthlyOf.wanted, monthlyOf.byMean, monthlyOf.byMaximum].map(coresOf);
    process.stdout.write(`| ${basename(file, '.csv')} | ${sizes.join(', ')} of ${cores} | ${shares.join(', ')} |\n`);
  }
  for (const [by, [cost = 0, share = 0]] of Object.entries(sums)) {
    process.stdout.write(
      `${by}: costs ${((100 * cost) / whole).toFixed(1)} % of ${cores} cores each, too small in ${(100 * share).toFixed(2)} % of the time\n`,
    );
  }
}
