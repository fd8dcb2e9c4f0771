/**
 * `pnpm performance:analyse DATA_DIR`: requests of CPU by four days of a recording, tried on the last of them, day after
 * day, beside requests by the maximum and by the mean, for every `timestamp,value` recording of CPU in percent under a
 * folder; and how often the upper bound of the risk held on the day after. docs/ml/performance.md has its results.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { rightSize } from '../packages/collector/src/jobs/tasks/performance/right-size.ts';

const [folder] = process.argv.slice(2);
const daySteps = 288;
const days = 4;
const cores = 16;
const gib = 1024 ** 3;

if (folder === undefined) {
  process.stderr.write('usage: pnpm performance:analyse DATA_DIR\n');
  process.exitCode = 2;
} else {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /cpu_util.*\.csv$/u.test(file),
  );
  process.stdout.write(
    '| recording | times | cores by percentile, maximum, mean | too small | bound held on the day after |\n| --- | --- | --- | --- | --- |\n',
  );
  const all: number[][] = [];
  const row = (name: string, rows: readonly number[][]): void => {
    const mean = (at: number): number => rows.reduce((sum, one) => sum + (one[at] ?? 0), 0) / rows.length;
    const sizes = [0, 1, 2].map((at) => mean(at).toFixed(2)).join(', ');
    const shares = [3, 4, 5].map((at) => `${(100 * mean(at)).toFixed(2)} %`).join(', ');
    process.stdout.write(`| ${name} | ${rows.length} | ${sizes} | ${shares} | ${(100 * mean(6)).toFixed(0)} % |\n`);
  };
  for (const file of files.toSorted()) {
    const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n').slice(1);
    const used = Float64Array.from(lines, (line) => (cores * Math.max(0, Number(line.split(',')[1]))) / 100);
    const rows: number[][] = [];
    for (let start = 0; start + (days + 1) * daySteps <= used.length; start += daySteps) {
      const end = start + days * daySteps;
      const size = rightSize({
        kind: 'container',
        name: file,
        host: 'recorded',
        has: { cores, bytes: gib },
        cores: used.subarray(start, end),
        bytes: new Float64Array(days * daySteps).fill(gib / 2),
      });
      if (size === undefined) continue;
      const after = used.subarray(end, end + daySteps).filter((one) => one > size.request.cores).length / daySteps;
      rows.push([
        size.request.cores,
        size.byMaximum.cores,
        size.byMean.cores,
        size.risk.cpu,
        size.riskByMaximum,
        size.riskByMean,
        after <= size.risk.cpuHigh ? 1 : 0,
      ]);
    }
    row(basename(file, '.csv'), rows);
    all.push(...rows);
  }
  row('all', all);
}
