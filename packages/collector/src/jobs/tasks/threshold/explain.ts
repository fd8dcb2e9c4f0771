/** What a tuning has found, in words. */
import type { Estimate, GuardRail, ThresholdTuning } from '@tarsier/protocol/api';
import { formatNumber } from '../../../stats/format.ts';

export const tuningMethod =
  'Contextual bandit: a Gaussian process over thresholds and how restless the time before was, asked by Thompson sampling; each pull replays an episode of the past through the rule and the whole way of its alerts. Rewards by what people said, doubly robust for what nobody judged.';

export const tuningSources = [
  'Krause & Ong 2011, Contextual Gaussian process bandit optimization',
  'Chowdhury & Gopalan 2017, arXiv:1704.00445',
  'Dudík, Langford & Li 2011, Doubly robust policy evaluation and learning, arXiv:1103.4601',
  'Politis & Romano 1992, circular block bootstrap',
] as const;

type Explained = Pick<ThresholdTuning, 'target' | 'present' | 'proposed' | 'verdict' | 'heldOut' | 'feedback'> & {
  readonly difference: Estimate;
  readonly rails: readonly GuardRail[];
};

export function explainTuning(found: Explained): string {
  const { target, present, proposed, verdict, difference, heldOut, feedback, rails } = found;
  const { useful, noise, missed, unjudged } = feedback;
  const basis = `From ${useful} useful, ${noise} noise, ${missed} missed and ${unjudged} unjudged incidents`;
  if (proposed === present) {
    return `${basis}: no threshold is better than ${formatNumber(present)} for ${target.name} and may be proposed.`;
  }
  const [own, now] = [rowOf(heldOut, 'proposed'), rowOf(heldOut, 'present')];
  const plain = heldOut
    .filter(({ name }) => name !== 'proposed' && name !== 'present')
    .toSorted((a, b) => b.rewardPerDay - a.rewardPerDay)[0];
  const beaten = plain === undefined || (own?.rewardPerDay ?? 0) > plain.rewardPerDay;
  const broken = rails.filter(({ held }) => !held).map(({ why }) => why);
  return [
    `${basis}: ${target.field} of ${target.name} from ${formatNumber(present)} to ${formatNumber(proposed)}.`,
    `On time that nothing was learnt from: ${daily(now)} now, ${daily(own)} then; it earns ${formatNumber(difference.value)} a day more (${percent(difference.confidence)}: ${formatNumber(difference.low)} to ${formatNumber(difference.high)}), ${verdictText[verdict]}.`,
    plain === undefined
      ? ''
      : `It is ${beaten ? 'better' : 'not better'} than the best plain way, ${plain.name} (${formatNumber(plain.rewardPerDay)} a day).`,
    broken.length === 0 ? '' : `Not to be applied by itself: ${broken.join('; ')}.`,
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

const verdictText = {
  better: 'which is surely more',
  unsure: 'which may be chance',
  'not-better': 'which is no gain',
} as const;

function rowOf(rows: ThresholdTuning['heldOut'], name: string) {
  return rows.find((row) => row.name === name);
}

function daily(row: ThresholdTuning['heldOut'][number] | undefined): string {
  if (row === undefined) return 'nothing';
  const { pagesPerDay, caught, missed, noise } = row;
  return `${formatNumber(pagesPerDay)} pages a day, ${caught} of ${caught + missed} real incidents and ${formatNumber(noise)} noise`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
