/** What a model's quality costs: what it would take to run it for many series. */

/** So many series are as much as one collector is meant to watch. */
const seriesCount = 10_000;
const dayMs = 86_400_000;

export interface Running {
  readonly quality: number;
  /** CPU time of one series, ms: each time it is run, and each time it is trained. */
  readonly runMs: number;
  readonly everyMs: number;
  readonly trainingMs: number;
}

export interface Efficiency {
  /** Cores that 10,000 series would keep busy, trained once a day. */
  readonly cores: number;
  /** 0 to 100: `100 x quality / (1 + cores)`. */
  readonly efficiency: number;
  readonly rating: 'A' | 'B' | 'C' | 'D' | 'E';
}

const ratings = [
  ['A', 80],
  ['B', 65],
  ['C', 50],
  ['D', 35],
] as const;

export function efficiencyOf({ quality, runMs, everyMs, trainingMs }: Running): Efficiency {
  const cores = seriesCount * (runMs / everyMs + trainingMs / dayMs);
  const efficiency = (100 * Math.max(0, quality)) / (1 + cores);
  return { cores, efficiency, rating: ratings.find(([, least]) => efficiency >= least)?.[0] ?? 'E' };
}
