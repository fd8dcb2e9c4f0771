/** What a threshold's alarms in one episode were worth: the reward that the tuner learns from. */
import type { Estimator, Judgements, LoggedIncident } from './judgements.ts';

/** What is earned, and paid. */
export interface RewardWeights {
  /** For telling of an incident that was useful, at once. */
  readonly useful: number;
  readonly noise: number;
  readonly missed: number;
  /** Each notification. */
  readonly page: number;
  /** Telling so much later is worth half. */
  readonly halfLifeMs: number;
}

/** A notification. */
export interface Told {
  readonly at: number;
  /** Whether it calls somebody, rather than to say how it goes on. */
  readonly isAlarm: boolean;
}

export interface Episode {
  readonly from: number;
  readonly to: number;
}

export interface EpisodeReward {
  readonly reward: number;
  readonly pages: number;
  /** Of incidents that were useful, or missed before. */
  readonly caught: readonly string[];
  readonly missed: readonly string[];
  /** Expected. */
  readonly noise: number;
  readonly alarms: number;
  /** Alarms at times at which people were told something, or said that they were not. */
  readonly judgeable: number;
}

/** An alarm may be so much earlier or later than what was told then, and be of the same. */
const slackMs = 30 * 60_000;

/**
 * @param told  by a replay from before the episode to after it
 * @param incidents  all of the past
 */
export function rewardOf(
  { from, to }: Episode,
  told: readonly Told[],
  incidents: readonly LoggedIncident[],
  judgements: Judgements,
  weights: RewardWeights,
  estimator: Estimator = 'doubly-robust',
): EpisodeReward {
  const own = incidents.filter((one) => one.from >= from && one.from < to);
  const isOf = (incident: LoggedIncident, at: number): boolean =>
    at >= incident.from - slackMs && at <= incident.to + slackMs;
  let reward = 0;
  let noise = 0;
  const caught: string[] = [];
  const missed: string[] = [];
  for (const incident of own) {
    const worth = judgements.of(incident, estimator);
    const first = told.find(({ at, isAlarm }) => isAlarm && isOf(incident, at));
    const isReal = incident.verdict === 'useful' || incident.verdict === 'missed';
    if (first === undefined) {
      reward -= weights.missed * worth.useful;
      if (isReal) missed.push(incident.id);
      continue;
    }
    const late = Math.max(0, first.at - incident.from);
    reward += weights.useful * worth.useful * 2 ** (-late / weights.halfLifeMs) - weights.noise * worth.noise;
    noise += Math.max(0, worth.noise);
    if (isReal) caught.push(incident.id);
  }
  // Of what began before, or begins after, another episode tells.
  const within = told.filter(({ at }) => {
    if (own.some((incident) => isOf(incident, at))) return true;
    return at >= from && at < to && !incidents.some((incident) => isOf(incident, at));
  });
  const alarms = within.filter(({ isAlarm }) => isAlarm);
  const outside = alarms.filter(({ at }) => !own.some((incident) => isOf(incident, at)));
  // Nothing was told then, and nobody said that it should have been.
  noise += outside.length;
  reward -= weights.noise * outside.length + weights.page * within.length;
  return {
    reward,
    pages: within.length,
    caught,
    missed,
    noise,
    alarms: alarms.length,
    judgeable: alarms.length - outside.length,
  };
}
