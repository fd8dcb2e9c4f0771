/**
 * `pnpm models:compare DATA_DIR`: what the job `models.compare` says of every `timestamp,value` recording under a folder,
 * as means over them. docs/ml/comparison.md has its results.
 */
import type { ComparedModel } from '@tarsier/protocol/api';
import { compareDetectors } from '../packages/collector/src/jobs/tasks/compare/compare-detectors.ts';
import { compareForecasters } from '../packages/collector/src/jobs/tasks/compare/compare-forecasters.ts';
import { readRecordings } from './recordings.ts';

const [folder] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const clock = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

if (folder === undefined) {
  process.stderr.write('usage: pnpm models:compare DATA_DIR\n');
  process.exitCode = 2;
} else {
  const rows: ComparedModel[] = [];
  let series = 0;
  for (const { path, values, startMs, stepMs } of readRecordings(folder)) {
    process.stderr.write(`${path}: ${values.length} steps of ${stepMs / 60_000} min\n`);
    const common = { stepMs, seed: 1, clock, between: () => Promise.resolve() };
    const detectors = await compareDetectors({ ...common, series: [values], falseAlarmsPerDay: 1 });
    rows.push(
      ...detectors.rows,
      ...(await compareForecasters({ ...common, series: [{ values, startMs }], horizon: 12 })),
    );
    series++;
  }
  say(`${series} recordings`);
  for (const family of ['detector', 'forecaster'] as const) {
    const own = Map.groupBy(
      rows.filter((row) => row.family === family),
      ({ name }) => name,
    );
    say('');
    say(
      '| name | quality | recall or MASE | false alarms a day, or intervals hold | CPU, us a value | efficiency | surely better, of |',
    );
    say('| --- | --- | --- | --- | --- | --- | --- |');
    const mean = (some: readonly ComparedModel[], of: (row: ComparedModel) => number | undefined): number =>
      some.reduce((sum, row) => sum + (of(row) ?? 0), 0) / some.length;
    const sorted = [...own].toSorted(
      ([, a], [, b]) => mean(b, (row) => row.quality.value) - mean(a, (row) => row.quality.value),
    );
    for (const [name, some] of sorted) {
      const cells = [
        mean(some, (row) => row.quality.value).toFixed(3),
        mean(some, (row) => row.recall ?? row.mase).toFixed(3),
        mean(some, (row) => row.falseAlarmsPerDay?.value ?? row.coverage).toFixed(2),
        (mean(some, (row) => row.cpuNsPerSample) / 1_000).toFixed(1),
        mean(some, (row) => row.efficiency).toFixed(0),
        some[0]?.isBaseline === true
          ? 'plain'
          : `${some.filter(({ verdict }) => verdict === 'better').length} of ${some.length}`,
      ];
      say(`| ${name} | ${cells.join(' | ')} |`);
    }
  }
}
