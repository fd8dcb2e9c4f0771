/**
 * `pnpm test:soak [MINUTES] [AGENTS] [SERIES] [INTERVAL_S]`: a collector under a steady load for so long (120), which is to
 * be about half of what it can take (1,000 agents of 200 series each second). Fails when its memory or its descriptors
 * grow over the second half, or a sample is lost.
 */
import { runFleet, type Moment } from '../test/fleet/run.ts';

const [minutes = 120, agents = 1_000, series = 200, intervalS = 1] = process.argv
  .slice(2)
  .flatMap((arg) => (arg === '--' ? [] : Number(arg)));
/** Of its memory in an hour; below it is the sawtooth of garbage collection. */
const mostGrowth = 0.05;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const shape = { agents, series, intervalMs: intervalS * 1_000 };
const { counts, storedSamples, moments, cores } = await runFleet({
  ...shape,
  seconds: minutes * 60,
  collectors: 1,
  failing: 0,
  say,
});
// The first half is for live windows and detectors to fill.
const later = moments.slice(Math.floor(moments.length / 2));
const memory = trend(later, ({ residentBytes }) => residentBytes[0] ?? 0);
const descriptors = trend(later, ({ descriptors }) => descriptors[0] ?? 0);
say(`${minutes} min, ${agents} agents x ${series} series each ${intervalS} s; ${cores.collectors.toFixed(2)} cores`);
say(
  `memory ${Math.round(memory.mean / 2 ** 20)} MiB, ${(memory.perHour / 2 ** 20).toFixed(1)} MiB an hour ` +
    `(${((memory.perHour / memory.mean) * 100).toFixed(1)} %); descriptors ${Math.round(descriptors.mean)}, ` +
    `${descriptors.perHour.toFixed(1)} an hour`,
);
say(`taken ${counts.takenSamples}, stored ${storedSamples}`);
const grows = memory.perHour / memory.mean > mostGrowth || descriptors.perHour > Math.max(10, descriptors.mean / 100);
if (grows || storedSamples !== counts.takenSamples) process.exitCode = 1;

/** By least squares. */
function trend(moments: readonly Moment[], of: (moment: Moment) => number) {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const seconds = moments.map(({ second }) => second);
  const values = moments.map(of);
  const [x, y] = [mean(seconds), mean(values)];
  const shared = seconds.reduce((sum, second, at) => sum + (second - x) * ((values[at] ?? 0) - y), 0);
  const spread = seconds.reduce((sum, second) => sum + (second - x) ** 2, 0);
  return { mean: y, perHour: (shared / spread) * 3_600 };
}
