import type { Labels } from './labels.ts';
import type { UnixMs } from './sample.ts';

export type Severity = 'info' | 'warning' | 'critical' | 'page';

/** From what can wait for months to what wakes somebody. */
export const severities: readonly Severity[] = ['info', 'warning', 'critical', 'page'];

/** Where an alert is in its life. `since` is when this state began, on the samples' clock. */
export type AlertState =
  | { readonly kind: 'pending'; readonly since: UnixMs; readonly value: number }
  | {
      readonly kind: 'firing';
      readonly since: UnixMs;
      readonly value: number;
      /** Since when its condition has not held, while it is kept firing all the same. */
      readonly calmSince?: UnixMs;
    }
  | { readonly kind: 'resolved'; readonly since: UnixMs; readonly value: number; readonly resolvedAt: UnixMs };

/** One rule that holds for one series (or one anomaly). */
export interface Alert {
  readonly id: string;
  readonly ruleId: string;
  /** The rule's name, as in `alertname`. */
  readonly name: string;
  readonly severity: Severity;
  /** The host the series belongs to. */
  readonly host: string;
  /** The series that the rule matched. */
  readonly metric: string;
  readonly labels: Labels;
  readonly state: AlertState;
  /** One sentence: what was measured, against which bound, since when. */
  readonly reason: string;
  /** What the rule's author has to say: `summary`, `description`, `runbook_url`. */
  readonly annotations?: Labels;
  /** Its rule is on trial: nobody is told until then. */
  readonly shadowUntil?: UnixMs;
  /** Its value is the score of an anomaly, in robust standard deviations. */
  readonly isAnomaly?: boolean;
}

/** A stretch of time in which a series was unlike its own past. */
export interface Anomaly {
  readonly id: string;
  readonly host: string;
  readonly metric: string;
  readonly labels: Labels;
  /** Which detector saw it: `zscore`, or one that a setting names. */
  readonly detector: string;
  readonly start: UnixMs;
  /** Absent while it lasts. */
  readonly end?: UnixMs;
  /** Largest score so far, in robust standard deviations; of other detectors than `zscore` their surprise, -log10. */
  readonly peakScore: number;
  readonly peakAt: UnixMs;
  /** The value at the peak, and what the detector expected there. */
  readonly value: number;
  readonly expected: number;
  /** The band of what was usual there, which charts draw. */
  readonly low?: number;
  readonly high?: number;
  readonly reason: string;
  /** Of a detector that looks at many series together: those that are most of what is unusual, the strongest first. */
  readonly contributors?: readonly AnomalyShare[];
}

/** A series' part in an anomaly of many. */
export interface AnomalyShare {
  readonly metric: string;
  /** `host` included. */
  readonly labels: Labels;
  /** Of how unusual they are together, 0 to 1. */
  readonly share: number;
}
