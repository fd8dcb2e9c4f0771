import type { Labels } from './labels.ts';
import type { UnixMs } from './sample.ts';

/** A series that took part in an anomaly event. */
export interface AnomalyContributor {
  readonly metric: string;
  /** `host` included. */
  readonly labels: Labels;
  /** Which detectors saw it, the one with the strongest evidence first. */
  readonly detectors: readonly string[];
  /** When it began to be unusual. */
  readonly since: UnixMs;
  /** Evidence for it, added up over its time: comparable within one event. */
  readonly strength: number;
  /** Where it was farthest from what was usual: how far, in robust standard deviations, when, and its value. */
  readonly peakScore: number;
  readonly peakAt: UnixMs;
  /** Of a counter its rate per second. */
  readonly value: number;
  /** What was usual then: the middle, and the band that charts draw. */
  readonly expected: number;
  readonly low: number;
  readonly high: number;
}

/** A stretch of time in which a host was unlike its past: one fault is one event, however many series it moves. */
export interface AnomalyEvent {
  readonly id: string;
  readonly host: string;
  /** What all of its series have in common, as of a cluster: hosts of one have it alike. */
  readonly labels?: Labels;
  readonly start: UnixMs;
  /** Absent while it lasts. */
  readonly end?: UnixMs;
  readonly peakAt: UnixMs;
  /** Surprise at the peak: -log10 of the chance that one step of this host's past is so unusual. */
  readonly peakSurprise: number;
  /** Rare enough to wake somebody, by the tenant's budget of false alarms. */
  readonly page?: boolean;
  /** By how much feedback on events like it has raised (noise) or lowered (useful) what it takes to be told. */
  readonly feedbackOffset?: number;
  /** Share of the host's series that were unusual at the peak, 0 to 1. */
  readonly peakRatio: number;
  readonly detectors: readonly string[];
  /** How many series took part. */
  readonly seriesCount: number;
  /** The strongest of them, the strongest first. */
  readonly contributors: readonly AnomalyContributor[];
  /** A sentence. */
  readonly reason: string;
}
