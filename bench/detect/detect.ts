/**
 * `pnpm bench detect`: what each detector costs; `pnpm bench detect DATA_DIR WINDOWS_FILE`: how much of the ensemble's
 * score in the Numenta Anomaly Benchmark is tuning.
 */
import { resolve } from 'node:path';
import { benchCost } from './cost.ts';
import { benchLive } from './live.ts';
import { leaveOut } from './leave-out.ts';

const given = process.argv.slice(3).filter((arg) => arg !== '--');
// pnpm runs scripts at the root, wherever it was called from.
const [data, windows] = given.map((path) => resolve(process.env['INIT_CWD'] ?? '.', path));
const say = (line: string): void => void process.stdout.write(`${line}\n`);

if (data === undefined) {
  benchLive(say);
  say('');
  benchCost(say);
} else if (windows === undefined) throw new Error('usage: pnpm bench detect [DATA_DIR WINDOWS_FILE]');
else leaveOut(data, windows, say);
