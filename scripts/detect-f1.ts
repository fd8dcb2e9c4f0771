/**
 * `pnpm detect:f1 DATA_DIR SCORES_DIR [--threshold T]`: how well the scores of `detect:score --multivariate` tell the rows
 * that are labelled as anomalies, at one threshold for all files: F1, false alarm rate and missed alarm rate, as the
 * Skoltech Anomaly Benchmark has them. Each file's first 400 rows, which train, do not count.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { labelsOf, rowScoresOf } from '@tarsier/collector/detect';
import { bestThreshold, countsAt, ratesOf, sumOf, type JudgedRow } from './detect-f1/rates.ts';

const usage = 'usage: pnpm detect:f1 DATA_DIR SCORES_DIR [--threshold T]';
/** Rows of a recording of several channels that are known to be normal. */
const training = 400;

class UsageError extends Error {}

/** pnpm runs scripts at the root, wherever it was called from. */
const pathOf = (given: string): string => resolve(process.env['INIT_CWD'] ?? '.', given);

function readJudged(dataDir: string, scoresDir: string): Map<string, JudgedRow[]> {
  for (const [name, path] of Object.entries({ DATA_DIR: dataDir, SCORES_DIR: scoresDir })) {
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    if (!isFolder) throw new UsageError(`${name}: expected a folder, got ${path}`);
  }
  const paths = readdirSync(scoresDir, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.csv'));
  if (paths.length === 0) throw new UsageError(`SCORES_DIR: expected .csv files in ${scoresDir}, got none`);
  return new Map(paths.toSorted().map((path) => [path, readFile(join(dataDir, path), join(scoresDir, path), path)]));
}

function readFile(dataFile: string, scoresFile: string, path: string): JudgedRow[] {
  try {
    const labels = labelsOf(readFileSync(dataFile, 'utf8'));
    const scores = rowScoresOf(readFileSync(scoresFile, 'utf8'));
    if (scores.length !== labels.length) throw new Error(`expected ${labels.length} scores, got ${scores.length}`);
    return scores.map((score, row) => ({ score, isAnomaly: labels[row] === true })).slice(training);
  } catch (cause) {
    throw new Error(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function table(files: ReadonlyMap<string, readonly JudgedRow[]>, threshold: number): string {
  const counts = Array.from(files, ([path, rows]) => ({ path, counts: countsAt(rows, threshold) }));
  const all = { path: `all ${files.size} files`, counts: sumOf(counts.map((file) => file.counts)) };
  const lines = [...counts, all].map(({ path, counts: of }) => {
    const { f1, falseAlarmRate, missedRate } = ratesOf(of);
    return `| ${path} | ${f1.toFixed(3)} | ${falseAlarmRate.toFixed(3)} | ${missedRate.toFixed(3)} |`;
  });
  return ['| file | F1 | false alarm rate | missed |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

try {
  const { positionals, values } = parseArgs({
    args: process.argv.slice(2).filter((arg) => arg !== '--'),
    allowPositionals: true,
    options: { threshold: { type: 'string', default: '0.999' } },
  });
  const [dataDir, scoresDir] = positionals;
  if (dataDir === undefined || scoresDir === undefined || positionals.length > 2) throw new UsageError(usage);
  const threshold = Number(values.threshold);
  if (!(threshold > 0 && threshold <= 1)) {
    throw new UsageError(`--threshold: expected a number beyond 0, at most 1, got ${values.threshold}`);
  }
  const files = readJudged(pathOf(dataDir), pathOf(scoresDir));
  const best = bestThreshold([...files.values()].flat());
  process.stdout.write(`threshold ${threshold}\n\n${table(files, threshold)}\n\n`);
  process.stdout.write(
    `the best threshold, ${best.threshold}, would have F1 ${best.f1.toFixed(3)} ` +
      `at a false alarm rate of ${best.falseAlarmRate.toFixed(3)}\n`,
  );
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
