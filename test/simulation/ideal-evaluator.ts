/**
 * What alerts a rule over a threshold makes of a series, by one that never stops and hears each batch once it is
 * committed. Written anew, after what docs/alerting.md says: it shares nothing with the collector's.
 */
import { decodePayload } from '@tarsier/protocol';
import type { ThresholdRule } from '@tarsier/protocol/api';
import { zstdDecompress } from '@tarsier/protocol/zstd';
import type { Commit } from './model-database.ts';

/** An alert as it was saved; undefined where it is not over. */
export interface Episode {
  readonly since: number;
  readonly resolvedAt: number | undefined;
}

/** How a batch counts. `maybe`: whether its samples were heard before newer ones no outside observer can tell. */
export type Hearing = 'heard' | 'maybe' | 'late';

interface HeardBatch {
  readonly hearing: Hearing;
  /** When it was committed. */
  readonly at: number;
  /** Whether it may be heard after newer ones, by one who has taken over since and does not know of them. */
  readonly isAnew: boolean;
  readonly samples: readonly (readonly [time: number, value: number])[];
}

/** Until what was read is heard, while the database is slow: a read of batches, and one of schemas. */
const readingMs = 6_000;
/** Heard so much later than the next is committed, it is old. */
const hearMs = 15_000;
/** As `lateMs` of the collector, but for the time until it is heard. */
const longestLagMs = 100_000;

/** Who takes over looks at what is as new as this once more, in the order of time: also at what was late before. */
const lookBackMs = 140_000;
/** So long it may take, while the database is slow and breaks off. */
const takingOverMs = 30_000;

/**
 * @param commits  of one host, in the order in which they were committed
 * @param takeOvers  when another came to decide
 * @returns in the order of their samples' time
 */
export function hearingsOf(
  commits: readonly Commit[],
  takeOvers: readonly number[],
): readonly { readonly commit: Commit; readonly hearing: Hearing; readonly isAnew: boolean }[] {
  const certain = new Set(
    commits.filter((commit, at) => {
      const newer = commits.slice(at + 1).find(({ t0 }) => t0 > commit.t0);
      const overtaken = commits.slice(0, at).some(({ t0 }) => t0 > commit.t0);
      const inTime = commit.own || (commit.readAt ?? Infinity) + readingMs < (newer?.at ?? Infinity);
      return inTime && !overtaken && commit.at - commit.t1 < longestLagMs;
    }),
  );
  return commits
    .map((commit) => {
      if (certain.has(commit)) return { commit, hearing: 'heard' as const, isAnew: false };
      const newer = commits.filter((one) => certain.has(one) && one.t0 > commit.t0 && one.at < commit.at - hearMs);
      const isAnew = newer.length > 0 && !newer.some((one) => isKnown(one, commit.at, takeOvers));
      const isLate = newer.length > 0 && !isAnew;
      const late = isLate && !takeOvers.some((at) => at > commit.at - takingOverMs && commit.t1 > at - lookBackMs);
      return { commit, hearing: late ? ('late' as const) : ('maybe' as const), isAnew };
    })
    .toSorted((a, b) => a.commit.t0 - b.commit.t0);
}

/** Whether whoever decided by then knew of it: it came under that one, or was looked at when that one took over. */
function isKnown({ at, t1 }: Commit, by: number, takeOvers: readonly number[]): boolean {
  return takeOvers.every((takeOver) => takeOver < at || takeOver > by || t1 > takeOver - surelySeenMs);
}

/** @param column  of the series in every batch */
export function samplesOf(hearings: ReturnType<typeof hearingsOf>, column: number): readonly HeardBatch[] {
  return hearings.map(({ commit, hearing, isAnew }) => {
    const { times, values } = decodePayload(commit.payload, zstdDecompress);
    return {
      hearing,
      at: commit.at,
      isAnew,
      samples: Array.from(times, (time, row) => [time, values[column * times.length + row] ?? NaN]),
    };
  });
}

/** How far it has come, and how many of the alerts it has met. */
interface Progress {
  readonly newest: number;
  /** When it was committed. */
  readonly heardAt: number;
  readonly previous: number;
  readonly met: number;
  readonly phase: 'idle' | 'pending' | 'firing';
  /** Of the phase. */
  readonly since: number;
  readonly calmSince: number | undefined;
}

/** A new leader knows no value of so long ago: whether there is a rate no outside observer can tell. */
const rateGapMs = 60_000;

/**
 * Whether some way to hear the batches, in which those that are surely heard are and the late ones are not, makes these
 * alerts and no others.
 *
 * @param episodes  by their beginning
 * @returns undefined when there is one; otherwise the time of the first sample at which none is left, and what was met
 */
export function disagreement(
  rule: ThresholdRule,
  batches: readonly HeardBatch[],
  episodes: readonly Episode[],
  takeOvers: readonly number[],
): string | undefined {
  const anew = new Set(batches.filter(({ isAnew }) => isAnew).flatMap(({ samples }) => samples.map(([time]) => time)));
  let ways: readonly Progress[] = [
    { newest: 0, heardAt: Infinity, previous: Number.NaN, met: 0, phase: 'idle', since: 0, calmSince: undefined },
  ];
  for (const batch of batches) {
    const { hearing, samples, at } = batch;
    if (hearing === 'late') continue;
    const before = ways
      .flatMap((way) => afterTakeOver(way, at, takeOvers))
      .flatMap((way) => afterSilence(way, batch, episodes, anew).map((one) => ({ ...one, heardAt: at })));
    let heard: readonly Progress[] = before;
    for (const [time, raw] of samples) {
      const next = distinct(heard.flatMap((way) => afterSample(rule, way, time, raw, episodes)));
      if (next.length === 0 && hearing === 'heard') return describe(time, heard, episodes);
      // Whoever takes over begins within a batch where what is before it is too old, and knows no value of before.
      const begins = hearing === 'maybe' && mayBeginAt(time, at, takeOvers);
      const begun = begins ? before.map((way) => ({ ...way, previous: Number.NaN })) : [];
      heard = distinct([...next, ...begun.flatMap((way) => afterSample(rule, way, time, raw, episodes))]);
    }
    ways = hearing === 'maybe' ? distinct([...ways, ...heard]) : heard;
  }
  const isDone = ({ met, phase }: Progress): boolean =>
    met === episodes.length - Number(phase === 'firing') &&
    (phase !== 'firing' || episodes[met]?.resolvedAt === undefined);
  return ways.some(isDone) ? undefined : describe(Infinity, ways, episodes);
}

/** An alert of a series of which nothing is heard for so long is over, where it was last heard. */
const staleMs = 300_000;
/** It is by collectors' clocks; and who begins to decide counts from then on. */
const clocksMs = 60_000;

/** Samples that whoever takes over surely looks at again, whatever the clocks are. */
const surelySeenMs = 60_000;

function mayBeginAt(time: number, at: number, takeOvers: readonly number[]): boolean {
  return takeOvers.some((takeOver) => takeOver > at - takingOverMs && time < takeOver + takingOverMs - surelySeenMs);
}

/** That an alert that fires is calm is not stored: where that began long before, it is counted anew. */
function afterTakeOver(way: Progress, at: number, takeOvers: readonly number[]): readonly Progress[] {
  const { calmSince = Infinity, heardAt } = way;
  const isLost = takeOvers.some(
    (time) => time > heardAt - takingOverMs && time < at && calmSince < time - surelySeenMs,
  );
  return isLost ? [way, { ...way, calmSince: undefined }] : [way];
}

/** Before a batch: what was open may have been ended by then, if nothing was heard for long. */
function afterSilence(
  way: Progress,
  { at, samples }: HeardBatch,
  episodes: readonly Episode[],
  anew: ReadonlySet<number>,
) {
  const [[first] = [at]] = samples;
  const silentMs = Math.max(at - way.heardAt, first - way.newest);
  if (way.phase === 'idle' || silentMs < staleMs - clocksMs) return [way];
  const calm = { ...way, phase: 'idle', since: 0, calmSince: undefined } as const;
  if (way.phase === 'pending') return [way, calm];
  const { resolvedAt = Infinity } = episodes[way.met] ?? {};
  // Who took over knows when it began to listen, and not when the last sample was.
  const isOver = (resolvedAt >= way.newest || anew.has(resolvedAt)) && resolvedAt < at + clocksMs;
  return isOver ? [way, { ...calm, met: way.met + 1 }] : [way];
}

function describe(time: number, ways: readonly Progress[], episodes: readonly Episode[]): string {
  return `at ${time}: ${JSON.stringify(ways)} do not go on to ${JSON.stringify(episodes)}`;
}

function distinct(ways: readonly Progress[]): readonly Progress[] {
  return [...new Map(ways.map((way) => [JSON.stringify(way), way])).values()];
}

/** @returns none where an alert would begin or end that is not among those that were made, or not then */
function afterSample(
  rule: ThresholdRule,
  way: Progress,
  time: number,
  raw: number,
  episodes: readonly Episode[],
): readonly Progress[] {
  if (time <= way.newest) return [way];
  const seen = { ...way, newest: time, previous: raw };
  if (rule.reduce === 'value') return afterValue(rule, seen, time, raw, episodes);
  const rate = ((raw - way.previous) * 1_000) / (time - way.newest);
  // The first sample, and a counter's reset, tell no rate.
  if (!(rate >= 0)) return [seen];
  const next = afterValue(rule, seen, time, rate, episodes);
  return time - way.newest < rateGapMs ? next : [seen, ...next];
}

function afterValue(
  { value: bound, clear = bound, forMs, keepFiringMs }: ThresholdRule,
  way: Progress,
  time: number,
  value: number,
  episodes: readonly Episode[],
): readonly Progress[] {
  const episode = episodes[way.met];
  const fires = (): readonly Progress[] =>
    episode?.since === time ? [{ ...way, phase: 'firing', since: time, calmSince: undefined }] : [];
  switch (way.phase) {
    case 'idle':
      if (value <= bound) return [way];
      return forMs === 0 ? fires() : [{ ...way, phase: 'pending', since: time }];
    case 'pending':
      if (value <= bound) return [{ ...way, phase: 'idle', since: 0 }];
      return time - way.since >= forMs ? fires() : [way];
    case 'firing': {
      if (value > clear) return [{ ...way, calmSince: undefined }];
      const calmSince = way.calmSince ?? time;
      if (time - calmSince < keepFiringMs) return [{ ...way, calmSince }];
      return episode?.resolvedAt === time
        ? [{ ...way, met: way.met + 1, phase: 'idle', since: 0, calmSince: undefined }]
        : [];
    }
  }
}
