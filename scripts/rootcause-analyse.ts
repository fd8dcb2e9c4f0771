/**
 * `pnpm rootcause:analyse DATA_DIR`: which of many series changed when a fault began, as `rootcause.analyse` ranks them
 * and by the plain shift of the mean. Each recording of a rig with a labelled fault stands for a host in an incident;
 * the channels of all other rigs, while nothing was wrong with them, stand beside it. docs/ml/comparison.md has its
 * results.
 */
import { changeOf } from '../packages/collector/src/alert/incident/rank-changes.ts';
import { meanShift } from '../packages/collector/src/learn/ranking/significance.ts';
import { readRigs, type Rig } from './rigs.ts';

const [folder] = process.argv.slice(2);
/** Rows of a second are taken for steps of ten, as incidents are looked at. */
const stepMs = 10_000;
const rows = { before: 200, after: 60 } as const;
/** Rows that are known to be normal begin a recording: the middle of a window in which nothing happens. */
const normalAt = 250;
const first = 3;

interface Shown {
  readonly rig: Rig;
  readonly values: Float64Array;
}

function windowOf(rig: Rig, at: number): readonly Shown[] {
  return rig.channels.map((values) => ({ rig, values: values.slice(at - rows.before, at + rows.after) }));
}

if (folder === undefined) {
  process.stderr.write('usage: pnpm rootcause:analyse DATA_DIR\n');
  process.exitCode = 2;
} else {
  const rigs = readRigs(folder);
  const times = Float64Array.from({ length: rows.before + rows.after }, (_, at) => (at + 1) * stepMs);
  const window = { from: 0, start: times[rows.before] ?? 0, end: times.at(-1) ?? 0 };
  const ways = {
    'rootcause.analyse': (values: Float64Array) => changeOf({ times, values }, window)?.score ?? 0,
    'shift of the mean': (values: Float64Array) => meanShift(values, rows.before),
  };
  const results = new Map(Object.keys(ways).map((name) => [name, { firsts: 0, ofThree: 0, named: 0, rightly: 0 }]));
  let faults = 0;
  let compared = 0;
  for (const rig of rigs) {
    const onset = rig.isAnomaly.indexOf(true, normalAt + rows.before);
    if (onset === -1 || onset + rows.after > rig.isAnomaly.length) continue;
    faults++;
    const others = rigs.filter((other) => other !== rig).flatMap((other) => windowOf(other, normalAt));
    const shown = [...windowOf(rig, onset), ...others];
    compared = shown.length;
    for (const [name, scoreOf] of Object.entries(ways)) {
      const ranked = shown.map((one) => ({ ...one, score: scoreOf(one.values) })).toSorted((a, b) => b.score - a.score);
      const result = results.get(name);
      if (result === undefined) continue;
      // Who sees no change names nothing: nobody is sent the wrong way.
      const named = ranked.slice(0, first).filter(({ score }) => score > 0);
      result.firsts += Number(named[0]?.rig === rig);
      result.ofThree += named.filter((one) => one.rig === rig).length / first;
      result.named += named.length;
      result.rightly += named.filter((one) => one.rig === rig).length;
    }
  }
  process.stdout.write(
    `${faults} faults, ${compared} series each\n\n| ranked by | the faulty rig's first | its share of the first three | of those named, its |\n| --- | --- | --- | --- |\n`,
  );
  for (const [name, { firsts, ofThree, named, rightly }] of results) {
    process.stdout.write(
      `| ${name} | ${firsts} of ${faults} | ${((100 * ofThree) / faults).toFixed(0)} % | ${rightly} of ${named} |\n`,
    );
  }
}
