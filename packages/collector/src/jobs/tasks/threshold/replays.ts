/** Episodes of the past, and what a threshold would have told in each: every replay is done once. */
import type { UnixMs } from '@tarsier/protocol';
import type { PreparedTrial } from '../../../alert/lab/rule-lab.ts';
import type { Episode, Told } from '../../../learn/tuning/episode-reward.ts';
import type { ReplayRange, Tuned } from './target.ts';

export interface Replays {
  /** What would have been told from before the episode to after it. */
  told(episode: Episode, arm: number): Promise<readonly Told[]>;
  readonly done: number;
}

/** Before an episode, so that what lasts is not told as if it began; and after it, so that what began is told. */
const leastLeadMs = 3_600_000;
const tailMs = 1_800_000;
/** What calls somebody. */
const alarms: ReadonlySet<string> = new Set(['first', 'again', 'worse', 'flapping']);

/** How long a replay of an episode is. */
export function replayRange({ from, to }: Episode, forMs: number, stepMs: number): ReplayRange {
  return { start: from - Math.max(leastLeadMs, 2 * forMs), end: to + tailMs + forMs, stepMs };
}

export function createReplays(
  { prepare, forMs }: Pick<Tuned, 'prepare' | 'forMs'>,
  values: readonly number[],
  stepMs: number,
): Replays {
  const prepared = new Map<number, Promise<readonly PreparedTrial[]>>();
  const known = new Map<string, readonly Told[]>();
  return {
    get done() {
      return known.size;
    },
    async told(episode, arm) {
      const key = `${episode.from}/${arm}`;
      const before = known.get(key);
      if (before !== undefined) return before;
      let trials = prepared.get(episode.from);
      if (trials === undefined) {
        trials = prepare(values, replayRange(episode, forMs, stepMs));
        prepared.set(episode.from, trials);
      }
      const trial = (await trials)[arm]?.run();
      const told = (trial?.pages ?? []).map(({ at, reason }) => ({ at, isAlarm: alarms.has(reason) }));
      known.set(key, told);
      return told;
    },
  };
}

/** The past in episodes of the same length, the newest ending at `to`. */
export function episodesOf(from: UnixMs, to: UnixMs, lengthMs: number): readonly Episode[] {
  const count = Math.floor((to - from) / lengthMs);
  return Array.from({ length: count }, (_, at) => {
    const start = to - (count - at) * lengthMs;
    return { from: start, to: start + lengthMs };
  });
}
