/**
 * `pnpm learn:forecast DATA_DIR [--step MINUTES] [--horizon STEPS] [--seed N]`: the forecasting network beside plain
 * forecasts, on the last quarter of every `timestamp,value` recording under a folder. docs/ml/forecaster.md has its
 * results.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  backtest,
  calendarSeasons,
  TooFewValuesError,
  type Backtest,
  type ExampleShape,
  type GroupSeries,
} from '@tarsier/collector/learn';

const usage = 'usage: pnpm learn:forecast DATA_DIR [--step MINUTES] [--horizon STEPS] [--seed N]';
/** Newest values that are looked at. */
const mostLookback = 48;

class UsageError extends Error {}

/** Means by step; a step without a value has the one before. */
function readRecording(text: string, stepMs: number): GroupSeries {
  const rows = text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [time = '', value = ''] = line.split(',');
      return { time: Date.parse(`${time.replace(' ', 'T')}Z`), value: Number(value) };
    });
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) throw new UsageError('expected rows of timestamp,value, got none');
  const startMs = Math.ceil(first.time / stepMs) * stepMs;
  const count = Math.max(0, Math.floor((last.time - startMs) / stepMs));
  const [values, seen] = [new Float64Array(count), new Uint32Array(count)];
  for (const { time, value } of rows) {
    const at = Math.floor((time - startMs) / stepMs);
    if (!Number.isFinite(value)) throw new UsageError(`value: expected a number, got ${value}`);
    if (at < 0 || at >= count) continue;
    values[at] = (values[at] ?? 0) + value;
    seen[at] = (seen[at] ?? 0) + 1;
  }
  for (let at = 0; at < count; at++) {
    const times = seen[at] ?? 0;
    values[at] = times === 0 ? (values[at - 1] ?? 0) : (values[at] ?? 0) / times;
  }
  return { values, startMs };
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new UsageError(`--${option}: expected a whole number above 0, got ${text}`);
}

function tested(series: GroupSeries, { stepMs, horizon, seed }: Settings): Backtest {
  const known = series.values.subarray(0, Math.floor(series.values.length * 0.75));
  const shape: ExampleShape = {
    stepMs,
    horizon,
    lookback: Math.min(mostLookback, 2 * horizon),
    seasons: calendarSeasons(known, stepMs),
  };
  const work = backtest([series], shape, seed);
  for (;;) {
    const next = work.next();
    if (next.done === true) return next.value;
  }
}

interface Settings {
  readonly stepMs: number;
  readonly horizon: number;
  readonly seed: number;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const cell = (value: number): string => value.toFixed(3).padStart(7);
const geometricMean = (ratios: readonly number[]): number =>
  Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);

function compare(dataDir: string, settings: Settings): void {
  const paths = readdirSync(dataDir, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.csv'));
  if (paths.length === 0) throw new UsageError(`DATA_DIR: expected .csv files in ${dataDir}, got none`);
  const ratios: { readonly mase: number; readonly pinball: number }[] = [];
  const coverages: number[] = [];
  let better = 0;
  for (const path of paths.toSorted()) {
    print(path);
    let result: Backtest;
    try {
      result = tested(readRecording(readFileSync(join(dataDir, path), 'utf8'), settings.stepMs), settings);
    } catch (error) {
      if (!(error instanceof TooFewValuesError)) throw error;
      print(`  left out: ${error.message}`);
      continue;
    }
    const [network, ...plain] = result.rows;
    const best = plain.find(({ name }) => name === result.bestBaseline);
    if (network === undefined || best === undefined) {
      print('  left out: it never changes from season to season');
      continue;
    }
    for (const { name, mase, pinball, coverage } of result.rows) {
      print(`  ${name.padEnd(15)} MASE ${cell(mase)}  pinball ${cell(pinball)}  80 % interval ${cell(coverage)}`);
    }
    print(`  ${result.isBetter ? 'better' : 'not better'} than ${best.name}, at ${result.origins} origins`);
    if (result.isBetter) better++;
    ratios.push({ mase: network.mase / best.mase, pinball: network.pinball / best.pinball });
    coverages.push(network.coverage);
  }
  if (ratios.length === 0) return;
  const coverage = coverages.reduce((sum, one) => sum + one, 0) / coverages.length;
  print(
    `\n${better} of ${ratios.length} better than their best baseline; errors relative to it: ` +
      `MASE ${geometricMean(ratios.map(({ mase }) => mase)).toFixed(3)}, ` +
      `pinball ${geometricMean(ratios.map(({ pinball }) => pinball)).toFixed(3)}; ` +
      `80 % intervals hold ${(100 * coverage).toFixed(1)} %`,
  );
}

try {
  const { positionals, values } = parseArgs({
    args: process.argv.slice(2).filter((arg) => arg !== '--'),
    allowPositionals: true,
    options: {
      step: { type: 'string', default: '15' },
      horizon: { type: 'string', default: '24' },
      seed: { type: 'string', default: '1' },
    },
  });
  const [given] = positionals;
  if (given === undefined || positionals.length > 1) throw new UsageError(usage);
  // pnpm runs scripts at the root, wherever it was called from.
  const dataDir = resolve(process.env['INIT_CWD'] ?? '.', given);
  if (!statSync(dataDir, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`DATA_DIR: expected a folder, got ${dataDir}`);
  }
  compare(dataDir, {
    stepMs: wholeNumber('step', values.step) * 60_000,
    horizon: wholeNumber('horizon', values.horizon),
    seed: wholeNumber('seed', values.seed),
  });
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
