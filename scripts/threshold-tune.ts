/**
 * `pnpm learn:thresholds DATA_DIR WINDOWS_FILE`: the threshold tuner on recordings with labelled anomalies. One
 * threshold of the ensemble's surprise is learnt from the first seven tenths of all of them together, and tried on the
 * rest. docs/ml/threshold-tuner.md has its results.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seriesDetectors } from '@tarsier/collector/detect';
import { rewardOf, type EpisodeReward, type Told } from '../packages/collector/src/learn/tuning/episode-reward.ts';
import { judgementsOf, type LoggedIncident } from '../packages/collector/src/learn/tuning/judgements.ts';
import { meanInterval } from '../packages/collector/src/learn/tuning/off-policy.ts';
import { tuneThreshold } from '../packages/collector/src/learn/tuning/threshold-bandit.ts';
import { readRecordings } from './recordings.ts';

const [folder, windowsFile] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const dayMs = 86_400_000;
const trainedShare = 0.7;
/** As in the rules of the benchmark: detectors settle in that part. */
const probation = 0.15;
const values = [2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8];
/** What a detection setting has unless somebody says otherwise. */
const present = values.indexOf(4);
const weights = { useful: 1, noise: 1, missed: 5, page: 0.05, halfLifeMs: dayMs };

interface Recorded {
  readonly incidents: readonly LoggedIncident[];
  readonly times: Float64Array;
  readonly surprise: Float64Array;
}

interface Episode {
  readonly of: Recorded;
  readonly from: number;
  readonly to: number;
}

function read(
  dataDir: string,
  labels: Readonly<Record<string, readonly (readonly [string, string])[]>>,
): readonly Recorded[] {
  const [ensemble] = seriesDetectors;
  if (ensemble === undefined) throw new Error('expected a detector, got none');
  return readRecordings(dataDir).map(({ path, values: column, startMs, stepMs }) => {
    const detector = ensemble.create(1);
    const times = Float64Array.from(column, (_, at) => startMs + at * stepMs);
    const msOf = (text: string): number => Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`);
    return {
      times,
      surprise: column.map((value, at) => detector.push(times[at] ?? 0, value)),
      incidents: (labels[path] ?? []).map(([from, to], at) => ({
        id: `${path} ${at}`,
        from: msOf(from),
        to: msOf(to),
        verdict: 'useful' as const,
      })),
    };
  });
}

/** An alarm is the first surprise that is large enough after six hours without one. */
function toldOf({ times, surprise }: Recorded, threshold: number): readonly Told[] {
  const told: Told[] = [];
  let last = -Infinity;
  for (const [at, time] of times.entries()) {
    if (!((surprise[at] ?? Number.NaN) >= threshold)) continue;
    if (time - last > dayMs / 4) told.push({ at: time, isAlarm: true });
    last = time;
  }
  return told;
}

if (folder === undefined || windowsFile === undefined || !existsSync(windowsFile)) {
  process.stderr.write('usage: pnpm learn:thresholds DATA_DIR WINDOWS_FILE\n');
  process.exitCode = 2;
} else {
  const labels = JSON.parse(readFileSync(join(windowsFile), 'utf8')) as Parameters<typeof read>[1];
  const recorded = read(folder, labels);
  const told = new Map(recorded.map((one) => [one, values.map((value) => toldOf(one, value))]));
  const episodes = recorded.flatMap((of): Episode[] => {
    const [first = 0, last = 0] = [of.times[0], of.times.at(-1)];
    const from = first + probation * (last - first);
    return Array.from({ length: Math.floor((last - from) / dayMs) }, (_, at) => ({
      of,
      from: from + at * dayMs,
      to: from + (at + 1) * dayMs,
    }));
  });
  const cut = ({ times }: Recorded): number => (times[0] ?? 0) + trainedShare * ((times.at(-1) ?? 0) - (times[0] ?? 0));
  const training = episodes.filter(({ of, to }) => to <= cut(of));
  const heldOut = episodes.filter(({ of, from }) => from >= cut(of));
  // Labels say what every window was: there is nothing to be guessed.
  const judgements = judgementsOf([]);
  const sure = {
    of: (one: LoggedIncident) => (one.verdict === 'useful' ? { useful: 1, noise: 0 } : judgements.of(one, 'model')),
  };
  const earned = (episode: Episode, arm: number): EpisodeReward =>
    rewardOf(episode, told.get(episode.of)?.[arm] ?? [], episode.of.incidents, sure, weights);
  const setting = {
    arms: values.length,
    present,
    contextOf: training.map(() => 0),
    contexts: 1,
    mostRounds: 1_500,
    seed: 1,
  };
  const bandit = tuneThreshold(setting, (at, arm) => {
    const episode = training[at];
    return Promise.resolve(episode === undefined ? 0 : earned(episode, arm).reward);
  });
  let next = await bandit.next();
  while (next.done !== true) next = await bandit.next();
  const { best, replays, rounds } = next.value;
  say(`${recorded.length} recordings, ${training.length} days to learn from, ${heldOut.length} to try on`);
  say(
    `${rounds.length} rounds, ${replays.done} of ${replays.all} replays; threshold ${values[best]}, before ${values[present]}`,
  );
  const exhaustive = values.map((_, arm) => training.reduce((sum, episode) => sum + earned(episode, arm).reward, 0));
  say(`trying all: ${values[exhaustive.indexOf(Math.max(...exhaustive))]}`);
  say('');
  say('| threshold | reward a day | windows found, of | noise a day |\n| --- | --- | --- | --- |');
  for (const [arm, value] of values.entries()) {
    const all = heldOut.map((episode) => earned(episode, arm));
    const sum = (of: (one: EpisodeReward) => number): number => all.reduce((total, one) => total + of(one), 0);
    const found = sum(({ caught }) => caught.length);
    const mark = arm === best ? ' (learnt)' : arm === present ? ' (before)' : '';
    say(
      `| ${value}${mark} | ${(sum(({ reward }) => reward) / heldOut.length).toFixed(3)} | ${found} of ${found + sum(({ missed }) => missed.length)} | ${(sum(({ noise }) => noise) / heldOut.length).toFixed(3)} |`,
    );
  }
  const difference = meanInterval(
    heldOut.map((episode) => earned(episode, best).reward - earned(episode, present).reward),
    { block: 3, scale: 1, seed: 1 },
  );
  say('');
  say(
    `learnt less before, a day: ${difference.value.toFixed(3)} (90 %: ${difference.low.toFixed(3)} to ${difference.high.toFixed(3)})`,
  );
}
