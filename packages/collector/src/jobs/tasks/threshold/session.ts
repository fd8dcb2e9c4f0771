/** All that a tuning works with: whose threshold, which are tried, what happened, and what each would have earned. */
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { createRuleLab } from '../../../alert/lab/rule-lab.ts';
import { createForecaster } from '../../../forecast/forecaster.ts';
import {
  rewardOf,
  type Episode,
  type EpisodeReward,
  type RewardWeights,
} from '../../../learn/tuning/episode-reward.ts';
import { thresholdGrid } from '../../../learn/tuning/grid.ts';
import { judgementsOf, type Estimator, type LoggedIncident } from '../../../learn/tuning/judgements.ts';
import type { JobContext } from '../../job-type.ts';
import { readHistory } from './history.ts';
import { createReplays, episodesOf, replayRange, type Replays } from './replays.ts';
import { findTuned, type ReplayRange, type Tuned } from './target.ts';

export interface TuningRequest {
  readonly rule?: string | undefined;
  readonly setting?: string | undefined;
  readonly values?: readonly number[] | undefined;
  readonly historyMs: number;
  readonly episodeMs: number;
  readonly stepMs: number;
  readonly weights: RewardWeights;
}

export interface TuningSession {
  readonly tuned: Tuned;
  readonly whole: ReplayRange;
  readonly heldOutFrom: UnixMs;
  readonly training: readonly Episode[];
  readonly heldOut: readonly Episode[];
  readonly incidents: readonly LoggedIncident[];
  /** Thresholds that are tried, in order; and which of them is in place. */
  readonly values: readonly number[];
  readonly present: number;
  /** Of the time that is learnt from: values nearest to an alarm, or beyond it. */
  readonly worst: readonly number[];
  readonly replays: Replays;
  /** @param arm  undefined: as if nobody were told */
  earned(episode: Episode, arm: number | undefined, estimator?: Estimator): Promise<EpisodeReward>;
  earnedIn(
    episodes: readonly Episode[],
    arm: number | undefined,
    estimator?: Estimator,
  ): Promise<readonly EpisodeReward[]>;
}

/** Share of the episodes, the newest, that nothing is learnt from. */
const heldOutShare = 0.3;
const least = { training: 8, heldOut: 4 } as const;
/** A replay evaluates the rule at each step: as many as the lab does at once. */
const mostSteps = 11_000;

/** @throws {TarsierError} `jobs/payload`, `jobs/too-few-values`, `jobs/series` */
export async function openSession(request: TuningRequest, context: JobContext): Promise<TuningSession> {
  const { now, storage, engine, signal } = context;
  const { stepMs, episodeMs, weights, historyMs } = request;
  const to = Math.floor(now / stepMs) * stepMs;
  const whole = { start: to - historyMs, end: to, stepMs };
  const lab = createRuleLab({ storage, engine, forecaster: createForecaster({ ...context, now: () => now }) });
  const tuned = await findTuned(request, lab, context, whole);
  const range = replayRange({ from: 0, to: episodeMs }, tuned.forMs, stepMs);
  if ((range.end - range.start) / stepMs > mostSteps) {
    const field = 'payload.stepMs';
    throw new TarsierError('jobs/payload', `${field}: expected at most ${mostSteps} steps of an episode`, { field });
  }
  const episodes = episodesOf(whole.start, to, episodeMs);
  const trained = Math.floor(episodes.length * (1 - heldOutShare));
  const [training, heldOut] = [episodes.slice(0, trained), episodes.slice(trained)];
  const [first] = heldOut;
  if (first === undefined || training.length < least.training || heldOut.length < least.heldOut) {
    throw new TarsierError(
      'jobs/too-few-values',
      `payload.episodeMs: expected at least 12 episodes in historyMs, got ${episodes.length}`,
    );
  }
  const incidents = await readHistory(context, tuned, whole);
  const judgements = judgementsOf(incidents.filter(({ from }) => from < first.from));
  const worst = await tuned.worst({ start: whole.start, end: first.from, stepMs });
  const values =
    request.values === undefined
      ? thresholdGrid(worst, tuned.target.op, tuned.present)
      : [...new Set([...request.values, tuned.present])].toSorted((a, b) => a - b);
  const replays = createReplays(tuned, values, stepMs);

  async function earned(episode: Episode, arm: number | undefined, estimator?: Estimator): Promise<EpisodeReward> {
    signal.throwIfAborted();
    const told = arm === undefined ? [] : await replays.told(episode, arm);
    return rewardOf(episode, told, incidents, judgements, weights, estimator);
  }
  return {
    tuned,
    whole,
    heldOutFrom: first.from,
    training,
    heldOut,
    incidents,
    values,
    present: values.indexOf(tuned.present),
    worst,
    replays,
    earned,
    async earnedIn(some, arm, estimator) {
      const all: EpisodeReward[] = [];
      for (const episode of some) all.push(await earned(episode, arm, estimator));
      return all;
    },
  };
}
