/** Surprises become anomalies: from the first that is large enough until some in a row are as usual. */
import type { UnixMs } from '@tarsier/protocol';
import { formatterOf } from '../../stats/format.ts';
import type { ExpectedBand } from '../detector.ts';

/** Each 10 s: what detectors that are chosen look at. */
export const binMs = 10_000;
/** An anomaly is over after so many means in a row that are less surprising than that. */
const over = { surprise: 1.5, means: 3 } as const;
/** Larger says nothing more. */
const largestScore = 30;

/** An anomaly that lasts, or has just ended. */
export interface Raised<Peak> {
  readonly start: UnixMs;
  end: UnixMs | undefined;
  lastAt: UnixMs;
  calm: number;
  readonly peakScore: number;
  readonly peakAt: UnixMs;
  /** What there was to be told at the peak. */
  readonly peak: Peak;
}

/** Something that is watched. */
export interface Raising<Peak> {
  /** Surprise from which it is raised. */
  readonly surprise: number;
  raised: Raised<Peak> | undefined;
}

/**
 * Goes on with the surprise of one more mean.
 *
 * @param time  end of the ten seconds
 * @param peakNow  asked for when this is the most surprising so far
 * @returns what is to be told: it has begun, has grown, or has ended
 */
export function raise<Peak>(
  watched: Raising<Peak>,
  time: UnixMs,
  surprise: number,
  peakNow: () => Peak,
): Raised<Peak> | undefined {
  const { raised } = watched;
  if (surprise >= watched.surprise && (raised === undefined || surprise > raised.peakScore)) {
    return (watched.raised = {
      start: raised?.start ?? time - binMs,
      end: undefined,
      lastAt: time,
      calm: 0,
      peakScore: surprise,
      peakAt: time,
      peak: peakNow(),
    });
  }
  if (raised === undefined) return undefined;
  if (surprise >= over.surprise) {
    raised.lastAt = time;
    raised.calm = 0;
    return undefined;
  }
  return ++raised.calm >= over.means ? lower(watched) : undefined;
}

/** Ends it. @returns what is to be told; undefined when nothing was raised */
export function lower<Peak>(watched: Raising<Peak>): Raised<Peak> | undefined {
  const { raised } = watched;
  watched.raised = undefined;
  if (raised !== undefined) raised.end = raised.lastAt;
  return raised;
}

/** What there is to be told at the peak of every anomaly. */
export interface Peak {
  readonly value: number;
  readonly band: ExpectedBand | undefined;
}

/** When it was, how unusual, and what was to be expected instead: the same of whatever was watched. */
export function timesAndValuesOf({ start, end, peakScore, peakAt, peak: { value, band } }: Raised<Peak>) {
  return {
    start,
    ...(end === undefined ? {} : { end }),
    peakScore: Number(Math.min(peakScore, largestScore).toFixed(2)),
    peakAt,
    value,
    expected: band?.middle ?? value,
    ...(band === undefined ? {} : { low: band.low, high: band.high }),
  };
}

/** For a reason, after the value; empty where nothing was expected. */
export function usualText(metric: string, band: ExpectedBand | undefined): string {
  const format = formatterOf(metric);
  return band === undefined ? '' : `, where ${format(band.low)} to ${format(band.high)} was usual`;
}
