/**
 * `pnpm optimise:score DATA_DIR`: for every `timestamp,value` recording of CPU in percent under a folder, what a host of
 * 16 cores would be told to do by each day of it, what that was said to gain, and what it gained on the day after.
 * docs/ml/optimisation.md has its results.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { resized, type HostInput } from '../packages/collector/src/jobs/tasks/optimise/host-parts.ts';
import { sizeFor } from '../packages/collector/src/jobs/tasks/optimise/recommend.ts';
import { hostPoints, jackknife, withoutBlock } from '../packages/collector/src/jobs/tasks/optimise/score.ts';

const [folder] = process.argv.slice(2);
const daySteps = 288;
const cores = 16;
const gib = 1024 ** 3;
// Of cores alone: the recordings have no memory.
const prices = { coreHour: 30_000_000, gibHour: 0 };
const none = new Float64Array();

function hostOf(day: Float64Array): HostInput {
  return {
    host: 'recorded',
    groups: [],
    cores,
    memoryBytes: 16 * gib,
    used: { cpu: day, memory: none, disk: none, network: none },
    waiting: { cpu: none, memory: none, io: none },
    anomalies: none,
    day: { cpu: day, memory: new Float64Array(day.length), steps: daySteps },
    told: 0,
    noise: 0,
    calls: 0,
    failed: 0,
  };
}

if (folder === undefined) {
  process.stderr.write('usage: pnpm optimise:score DATA_DIR\n');
  process.exitCode = 2;
} else {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /cpu_util.*\.csv$/u.test(file),
  );
  const all: { said: number; got: number; inside: boolean }[] = [];
  process.stdout.write(
    '| recording | days | said to gain | gained | off by | guess of nothing off by | in the 80 % interval |\n| --- | --- | --- | --- | --- | --- | --- |\n',
  );
  const row = (name: string, days: typeof all): void => {
    const mean = (of: (one: (typeof all)[number]) => number): string =>
      (days.reduce((sum, one) => sum + of(one), 0) / days.length).toFixed(1);
    process.stdout.write(
      `| ${name} | ${days.length} | ${mean(({ said }) => said)} | ${mean(({ got }) => got)} | ${mean(({ said, got }) => Math.abs(said - got))} | ${mean(({ got }) => Math.abs(got))} | ${mean(({ inside }) => (inside ? 100 : 0))} % |\n`,
    );
  };
  for (const file of files.toSorted()) {
    const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n').slice(1);
    const cpu = Float64Array.from(lines, (line) => Math.min(1, Math.max(0, Number(line.split(',')[1]) / 100)));
    const days: typeof all = [];
    for (let start = 0; start + 2 * daySteps <= cpu.length; start += daySteps) {
      const today = hostOf(cpu.subarray(start, start + daySteps));
      const tomorrow = hostOf(cpu.subarray(start + daySteps, start + 2 * daySteps));
      const size = sizeFor(today, prices);
      const gainOf = (host: HostInput): number => hostPoints(resized(host, size), prices) - hostPoints(host, prices);
      const said = gainOf(today);
      const half = jackknife((block) => gainOf(withoutBlock(today, block)));
      const got = gainOf(tomorrow);
      days.push({ said, got, inside: Math.abs(said - got) <= Math.max(half, 0.5) });
    }
    row(basename(file, '.csv'), days);
    all.push(...days);
  }
  row('all', all);
}
