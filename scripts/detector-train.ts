/**
 * `pnpm detector:train DATA_DIR`: the detectors that `detector.train` trains, and the plain ways that it compares them
 * with, on recordings of several channels with labelled faults. Each learns from the first rows, which are known to be
 * normal, tells of what is odder than all of these were, and is judged by the labels of the rest, as the Skoltech Anomaly
 * Benchmark does. docs/ml/comparison.md has its results.
 */
import { hostDetectors } from '../packages/collector/src/detect/registry.ts';
import { fixedSigma, lastChange } from '../packages/collector/src/learn/comparison/plain-detectors.ts';
import { ratesOf, sumOf, countsAt } from './detect-f1/rates.ts';
import { readRigs, type Rig } from './rigs.ts';

const [folder] = process.argv.slice(2);
const stepMs = 10_000;
const normalRows = 400;
/** Of the normal ones: on the others its threshold is found. */
const training = 200;

function plainly(judge: typeof fixedSigma) {
  return ({ channels }: Rig): readonly number[] => {
    const judges = channels.map(() => judge());
    return Array.from(channels[0] ?? [], (_, row) =>
      Math.max(...channels.map((values, at) => judges[at]?.judge(values[row] ?? Number.NaN) ?? Number.NaN)),
    );
  };
}

const ways: Readonly<Record<string, (rig: Rig) => readonly number[]>> = {
  ...Object.fromEntries(
    hostDetectors.map((kind) => [
      kind.name,
      ({ channels }: Rig) => {
        const detector = kind.create({ seed: 1, width: channels.length, training });
        return Array.from(channels[0] ?? [], (_, row) =>
          detector.push(
            (row + 1) * stepMs,
            Float64Array.from(channels, (values) => values[row] ?? Number.NaN),
          ),
        );
      },
    ]),
  ),
  'fixed-sigma': plainly(fixedSigma),
  'last-change': plainly(lastChange),
};

if (folder === undefined) {
  process.stderr.write('usage: pnpm detector:train DATA_DIR\n');
  process.exitCode = 2;
} else {
  const rigs = readRigs(folder);
  process.stdout.write(
    `${rigs.length} recordings\n\n| way | F1 | false alarm rate | missed |\n| --- | --- | --- | --- |\n`,
  );
  for (const [name, oddnessOf] of Object.entries(ways)) {
    const counts = rigs.map((rig) => {
      const odd = oddnessOf(rig);
      const usual = odd.slice(training, normalRows).filter((one) => !Number.isNaN(one));
      const threshold = Math.max(0, ...usual);
      const judged = odd.slice(normalRows).map((score, row) => ({
        // More than anything normal: what is as odd as that is no alarm.
        score: score > threshold ? 1 : 0,
        isAnomaly: rig.isAnomaly[normalRows + row] === true,
      }));
      return countsAt(judged, 0.5);
    });
    const { f1, falseAlarmRate, missedRate } = ratesOf(sumOf(counts));
    process.stdout.write(
      `| ${name} | ${f1.toFixed(3)} | ${(100 * falseAlarmRate).toFixed(1)} % | ${(100 * missedRate).toFixed(1)} % |\n`,
    );
  }
}
