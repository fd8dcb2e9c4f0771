/**
 * Which threshold is worth most: a contextual bandit over episodes of the past, by Thompson sampling (Thompson 1933;
 * Chowdhury & Gopalan 2017, arXiv:1704.00445). A pull is a replay of one episode with one threshold, which costs time;
 * so it asks where it may learn something, and stops when it is sure.
 */
import { createNoise } from '../../stats/noise.ts';
import { nextRandomState, randomOf } from '../../stats/random.ts';
import { ArmBelief, createDraws, type Seen } from './arm-belief.ts';

export interface BanditSetting {
  /** How many thresholds there are, and which of them is the present one. */
  readonly arms: number;
  readonly present: number;
  /** What each episode is like, as a number from 0 up to `contexts`. */
  readonly contextOf: readonly number[];
  readonly contexts: number;
  readonly mostRounds: number;
  readonly seed: number;
}

export interface BanditRound {
  readonly round: number;
  readonly arm: number;
  readonly best: number;
  /** Relative to the present threshold in the same episode. */
  readonly reward: number;
  readonly meanReward: number;
  /** What the arm that now looks best in each round's context would have earned more in all rounds so far. */
  readonly regret: number;
  readonly certainty: number;
}

export interface BanditOutcome {
  readonly best: number;
  readonly arms: readonly {
    readonly pulls: number;
    readonly advantage: number;
    /** Standard deviation of the advantage. */
    readonly spread: number;
    readonly probabilityBest: number;
  }[];
  readonly rounds: readonly BanditRound[];
  /** Replays, those with the present threshold included, and how many there are in all. */
  readonly replays: { readonly done: number; readonly all: number };
}

/** Each arm is tried so often before anything is believed. */
const tries = 2;
const sure = 0.99;
/** Or until what another one may earn more, on average over all that is believed, is this part of what is at stake. */
const enough = 0.01;
/** Rounds of which the mean is shown. */
const recent = 20;
const draws = 300;
/** Beliefs are looked at by chance once in so many rounds: it costs more than a replay of a short episode. */
const lookEvery = 10;

/** @param replay  what an arm earned in an episode */
export async function* tuneThreshold(
  { arms, present, contextOf, contexts, mostRounds, seed }: BanditSetting,
  replay: (episode: number, arm: number) => Promise<number>,
): AsyncGenerator<BanditRound, BanditOutcome> {
  let state = seed >>> 0;
  const random = (): number => randomOf((state = nextRandomState(state)));
  const noise = createNoise(seed + 1);
  const seen: Seen[][] = Array.from({ length: contexts }, () =>
    Array.from({ length: arms }, () => ({ count: 0, sum: 0, squares: 0 })),
  );
  const weights = Array.from({ length: contexts }, (_, context) =>
    contextOf.length === 0 ? 1 / contexts : contextOf.filter((one) => one === context).length / contextOf.length,
  );
  const others = Array.from({ length: arms }, (_, arm) => arm).filter((arm) => arm !== present);
  /** A replay that was done says nothing new when it is asked for again. */
  const replayed = contextOf.map(() => new Map<number, number>());
  const ofPresent = new Map<number, number>();
  const rounds: BanditRound[] = [];
  const pulled: { readonly context: number; readonly arm: number }[] = [];
  let belief = new ArmBelief(seen, present, 1);
  let marginal = belief.over(weights);
  let { chances, loss } = { chances: new Float64Array(arms), loss: Infinity };
  let order: number[] = [];

  /** Episodes by turns, each time in another order. */
  const nextEpisode = (): number | undefined => {
    if (order.length === 0) order = shuffled(contextOf.length, random);
    return order.pop();
  };

  for (let round = 1; round <= mostRounds; round++) {
    const episode = nextEpisode();
    if (episode === undefined) break;
    const context = contextOf[episode] ?? 0;
    const known = replayed[episode] ?? new Map<number, number>();
    const arm = chooseArm(known, context);
    const base = ofPresent.get(episode) ?? (await replay(episode, present));
    ofPresent.set(episode, base);
    const reward = arm === present ? 0 : (known.get(arm) ?? (await replay(episode, arm)) - base);
    const cell = seen[context]?.[arm];
    if (cell !== undefined && arm !== present && !known.has(arm)) {
      known.set(arm, reward);
      cell.count++;
      cell.sum += reward;
      cell.squares += reward ** 2;
    }
    pulled.push({ context, arm });
    belief = new ArmBelief(seen, present, noiseOf(seen));
    marginal = belief.over(weights);
    const best = indexOfMost(marginal.means);
    const isLook = round % lookEvery === 0 || round === 1;
    if (isLook) ({ chances, loss } = chancesOf(marginal, noise));
    const one: BanditRound = {
      round,
      arm,
      best,
      reward,
      meanReward: mean([...rounds.slice(1 - recent).map((past) => past.reward), reward]),
      regret: regretOf(pulled, belief, contexts),
      certainty: chances[best] ?? 0,
    };
    rounds.push(one);
    yield one;
    const isTried = others.every((other) => countOf(seen, other) >= tries);
    const stake = Math.max(...marginal.means) - Math.min(...marginal.means);
    if (isTried && isLook && ((chances[best] ?? 0) >= sure || loss < enough * stake)) break;
  }
  ({ chances } = chancesOf(marginal, noise));
  return {
    best: indexOfMost(marginal.means),
    arms: Array.from({ length: arms }, (_, arm) => ({
      pulls: arm === present ? ofPresent.size : countOf(seen, arm),
      advantage: marginal.means[arm] ?? 0,
      spread: Math.sqrt(Math.max(0, marginal.covariance[arm * arms + arm] ?? 0)),
      probabilityBest: chances[arm] ?? 0,
    })),
    rounds,
    replays: {
      done: ofPresent.size + replayed.reduce((sum, { size }) => sum + size, 0),
      all: contextOf.length * arms,
    },
  };

  function chooseArm(known: ReadonlyMap<number, number>, context: number): number {
    const untried = others.filter((arm) => countOf(seen, arm) < tries && !known.has(arm));
    if (untried.length > 0) return untried[Math.floor(random() * untried.length)] ?? present;
    return indexOfMost(createDraws(belief.over(only(context)), noise)());
  }

  function only(context: number): readonly number[] {
    return weights.map((_, at) => (at === context ? 1 : 0));
  }
}

/** Of one reward, from how those of the same arm and context differ; never nothing, since more may come than was seen. */
function noiseOf(seen: readonly (readonly Seen[])[]): number {
  let [squares, degrees, total, count] = [0, 0, 0, 0];
  for (const cells of seen) {
    for (const cell of cells) {
      if (cell.count === 0) continue;
      squares += cell.squares - cell.sum ** 2 / cell.count;
      degrees += cell.count - 1;
      total += cell.squares;
      count += cell.count;
    }
  }
  const within = degrees > 0 ? squares / degrees : 0;
  return Math.max(within, 0.05 * (count > 0 ? total / count : 0), 1e-6);
}

function regretOf(
  pulled: readonly { readonly context: number; readonly arm: number }[],
  belief: ArmBelief,
  contexts: number,
): number {
  const means = Array.from(
    { length: contexts },
    (_, context) => belief.over(Array.from({ length: contexts }, (_unused, at) => (at === context ? 1 : 0))).means,
  );
  const most = means.map((each) => Math.max(...each));
  return pulled.reduce((sum, { context, arm }) => sum + (most[context] ?? 0) - (means[context]?.[arm] ?? 0), 0);
}

/** How likely each arm is the best, and what the one that looks best is expected to earn less than the best. */
function chancesOf(
  marginal: { readonly means: Float64Array; readonly covariance: Float64Array },
  noise: () => number,
): { readonly chances: Float64Array<ArrayBuffer>; readonly loss: number } {
  const draw = createDraws(marginal, noise);
  const chances = new Float64Array(marginal.means.length);
  const chosen = indexOfMost(marginal.means);
  let loss = 0;
  for (let time = 0; time < draws; time++) {
    const drawn = draw();
    const best = indexOfMost(drawn);
    chances[best] = (chances[best] ?? 0) + 1 / draws;
    loss += ((drawn[best] ?? 0) - (drawn[chosen] ?? 0)) / draws;
  }
  return { chances, loss };
}

function countOf(seen: readonly (readonly Seen[])[], arm: number): number {
  return seen.reduce((sum, cells) => sum + (cells[arm]?.count ?? 0), 0);
}

function indexOfMost(values: Float64Array): number {
  return values.indexOf(Math.max(...values));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function shuffled(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, at) => at);
  for (let at = count - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other] ?? 0, order[at] ?? 0];
  }
  return order;
}
