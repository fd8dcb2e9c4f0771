/** What thresholds earn on time that nothing was learnt from: before anything is changed. */
import type { ThresholdTuning } from '@tarsier/protocol/api';
import type { EpisodeReward } from '../../../learn/tuning/episode-reward.ts';
import { nearestTo, percentileThreshold } from '../../../learn/tuning/grid.ts';
import type { Estimator } from '../../../learn/tuning/judgements.ts';
import { meanInterval } from '../../../learn/tuning/off-policy.ts';
import { dayMs } from '../../../storage/hours.ts';
import type { TuningSession } from './session.ts';

export type Evaluated = Pick<ThresholdTuning, 'heldOut' | 'verdict'> &
  Pick<ThresholdTuning['evaluation'], 'difference' | 'importance' | 'model'>;

type Row = ThresholdTuning['heldOut'][number];

export async function evaluate(session: TuningSession, chosen: number, seed: number): Promise<Evaluated> {
  const { heldOut, values, present, tuned, worst, earnedIn } = session;
  const [episode] = heldOut;
  const perDay = dayMs / ((episode?.to ?? 1) - (episode?.from ?? 0));

  async function difference(estimator: Estimator) {
    const mine = await earnedIn(heldOut, chosen, estimator);
    const theirs = await earnedIn(heldOut, present, estimator);
    const differences = mine.map(({ reward }, at) => reward - (theirs[at]?.reward ?? 0));
    // Days are alike; what happens within one belongs together.
    return meanInterval(differences, { block: Math.max(1, Math.round(perDay)), scale: perDay, seed });
  }

  async function row(name: Row['name'], arm: number | undefined): Promise<Row> {
    const all = await earnedIn(heldOut, arm);
    const daily = perDay / all.length;
    return {
      name,
      ...(arm === undefined ? {} : { value: values[arm] ?? tuned.present }),
      rewardPerDay: daily * sumOf(all, 'reward'),
      pagesPerDay: daily * sumOf(all, 'pages'),
      caught: all.reduce((sum, { caught }) => sum + caught.length, 0),
      missed: all.reduce((sum, { missed }) => sum + missed.length, 0),
      noise: sumOf(all, 'noise'),
    };
  }

  const { op } = tuned.target;
  const robust = await difference('doubly-robust');
  return {
    difference: robust,
    importance: await difference('importance'),
    model: (await difference('model')).value,
    heldOut: [
      await row('proposed', chosen),
      await row('present', present),
      await row('percentile', nearestTo(values, percentileThreshold(worst, op))),
      await row('most-sensitive', op.startsWith('>') ? 0 : values.length - 1),
      await row('silent', undefined),
    ],
    verdict: chosen === present || robust.value <= 0 ? 'not-better' : robust.low > 0 ? 'better' : 'unsure',
  };
}

export function sumOf(
  rewards: readonly EpisodeReward[],
  part: 'reward' | 'pages' | 'noise' | 'alarms' | 'judgeable',
): number {
  return rewards.reduce((sum, one) => sum + one[part], 0);
}
