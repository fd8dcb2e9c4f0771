/**
 * What incidents of the past were worth. People judge some of them, and not by chance: at night fewer than by day. So
 * each counts by a doubly robust estimate (Robins, Rotnitzky & Zhao 1994, doi:10.1080/01621459.1994.10476818; Dudík,
 * Langford & Li 2011, arXiv:1103.4601): what is usual of its kind, corrected by what was said over how often something
 * is said.
 */

/** Something that people were told of, or had to find out themselves. Unix ms. */
export interface LoggedIncident {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  /** `missed`: nobody was told, and somebody said that there was something. */
  readonly verdict: 'useful' | 'noise' | 'missed' | 'unjudged';
}

export type Estimator = 'doubly-robust' | 'importance' | 'model';

/** Chance that an incident was useful, and that it was noise; by inverse propensity they may be more than 1. */
export interface Worth {
  readonly useful: number;
  readonly noise: number;
}

export interface Judgements {
  of(incident: LoggedIncident, estimator: Estimator): Worth;
}

/** Judged less often than that, one would count for more than ten. */
const leastPropensity = 0.1;
const binOf = ({ from }: LoggedIncident): number => {
  const hour = new Date(from).getUTCHours();
  return hour >= 7 && hour < 19 ? 0 : 1;
};

/** @param known  what may be learnt from */
export function judgementsOf(known: readonly LoggedIncident[]): Judgements {
  // Of a missed one there is a word by what it is: it says nothing of how often others are judged.
  const told = known.filter(({ verdict }) => verdict !== 'missed');
  const judged = told.filter(({ verdict }) => verdict !== 'unjudged');
  const share = (judged.filter(({ verdict }) => verdict === 'useful').length + 1) / (judged.length + 2);
  const bins = [0, 1].map((bin) => {
    const all = told.filter((one) => binOf(one) === bin);
    const here = judged.filter((one) => binOf(one) === bin);
    const useful = here.filter(({ verdict }) => verdict === 'useful').length;
    return {
      // As if two more were there that are as all are: Laplace's rule, with the whole as what is known before.
      useful: (useful + 2 * share) / (here.length + 2),
      propensity: Math.max(leastPropensity, (here.length + 1) / (all.length + 1)),
    };
  });
  return {
    of(incident, estimator) {
      const { verdict } = incident;
      if (verdict === 'missed') return { useful: 1, noise: 0 };
      const { useful: usual, propensity } = bins[binOf(incident)] ?? { useful: share, propensity: 1 };
      if (estimator === 'model') return { useful: usual, noise: 1 - usual };
      const isJudged = verdict !== 'unjudged';
      const weight = isJudged ? 1 / propensity : 0;
      const isUseful = verdict === 'useful' ? 1 : 0;
      if (estimator === 'importance') return { useful: weight * isUseful, noise: weight * (1 - isUseful) };
      const useful = usual + weight * (isUseful - usual);
      return { useful, noise: 1 - useful };
    },
  };
}
