import type { Alert, Severity } from './alert.ts';
import type { Labels } from './labels.ts';
import type { UnixMs } from './sample.ts';

/** What speaks for looking at an incident first: 0 to 100, the sum of its parts. */
export interface Priority {
  readonly score: number;
  readonly parts: readonly PriorityPart[];
}

export interface PriorityPart {
  readonly name: 'severity' | 'breadth' | 'strength' | 'novelty' | 'feedback' | 'hour';
  readonly points: number;
  /** `3 hosts`, `not seen for 30 days`. */
  readonly why: string;
}

/** Why a notification is sent. */
export type TellReason =
  | 'first'
  /** More alerts have joined. */
  | 'more'
  /** Its severity has risen. */
  | 'worse'
  /** It fires again after it was over. */
  | 'again'
  /** It is still there. */
  | 'repeat'
  /** It comes and goes; it is told again when it is steady. */
  | 'flapping'
  /** Nobody has acknowledged it. */
  | 'escalated'
  /** The channel was at its rate limit before. */
  | 'late'
  | 'resolved';

/** Why an alert, or a channel, was not told. */
export type HoldReason =
  /** It is told in a notification that another alert of its incident leads, or that tells of the incident's end. */
  | 'grouped'
  /** The same series was told of in this incident before. */
  | 'deduplicated'
  | 'inhibited'
  | 'silenced'
  | 'maintenance'
  /** Its rule is on trial. */
  | 'shadow'
  | 'waiting'
  | 'cooldown'
  | 'flapping'
  | 'acknowledged'
  | 'snoozed'
  | 'severity'
  | 'out-of-hours'
  | 'no-channel'
  /** A step of the escalation reaches nobody at that time. */
  | 'nobody-on-call'
  | 'rate-limit'
  /** Somebody has closed the incident. */
  | 'closed'
  /** That it is over is told to those alone who were told that it fires. */
  | 'never-told';

/** What has been told of an incident. */
export interface Telling {
  /** Notifications so far. */
  readonly count: number;
  readonly status: 'nothing' | 'firing' | 'resolved';
  /** Of the last one; 0 before the first. */
  readonly at: UnixMs;
  /** When its current firing was first told. */
  readonly since: UnixMs;
  /** The worst that was told. */
  readonly severity: Severity;
  /** Steps of the escalation that were taken. */
  readonly step: number;
  /** Channels that do not know the newest, because they are at their limit. */
  readonly owed: readonly string[];
  /** Channels that were told since it was first told; absent before the first. */
  readonly heard?: readonly string[];
}

/** Alerts that belong together: what a person is told of, looks into and closes. */
export interface Incident {
  readonly id: string;
  /** The name of the route that it takes. */
  readonly route: string;
  readonly status: 'open' | 'resolved';
  readonly title: string;
  /** Worst of the alerts that fire; of all once none does. */
  readonly severity: Severity;
  /** What its alerts were grouped by. */
  readonly labels: Labels;
  readonly openedAt: UnixMs;
  /** When the last alert joined. */
  readonly grownAt: UnixMs;
  /** When one last joined or ended. */
  readonly changedAt: UnixMs;
  readonly resolvedAt?: UnixMs;
  /** How many alerts fire, how many there were, on how many hosts. */
  readonly firing: number;
  readonly total: number;
  readonly hostCount: number;
  /** At most 20 each; the likely cause first. */
  readonly hosts: readonly string[];
  readonly alerts: readonly Alert[];
  readonly priority: Priority;
  readonly acknowledged?: { readonly by: string; readonly at: UnixMs };
  readonly assignee?: string;
  readonly snoozedUntil?: UnixMs;
  /** Closed by a person, whatever its alerts say. */
  readonly closedBy?: string;
  readonly feedback?: 'useful' | 'noise';
  /** When it fired again after it was over. */
  readonly reopenedAt: readonly UnixMs[];
  readonly flappingSince?: UnixMs;
  readonly telling: Telling;
  /** Entries of its timeline so far. */
  readonly entries: number;
}

/** One entry of an incident's timeline. */
export interface TimelineEntry {
  readonly incidentId: string;
  /** 1, 2, 3, … */
  readonly number: number;
  readonly at: UnixMs;
  readonly kind: 'opened' | 'joined' | 'resolved' | 'reopened' | 'told' | 'held' | 'action';
  /** A person, where one did it. */
  readonly by?: string;
  readonly text: string;
}

/** What became of one alert's beginning or end, or of one notification to one channel. */
export interface Decision {
  /** `<alert>/firing`, `<alert>/resolved`, or the notification's id: a later decision replaces an earlier one. */
  readonly id: string;
  /** Only what is decided of an alert counts for the noise reduction. */
  readonly kind: 'alert' | 'channel';
  readonly at: UnixMs;
  readonly incidentId: string;
  /** `Disk filling on db-1 fires`. */
  readonly subject: string;
  readonly told: boolean;
  readonly reason: TellReason | HoldReason;
  /** Which silence, which inhibition, until when. */
  readonly detail: string;
}

/** What a channel is told. */
export interface Message {
  readonly reason: TellReason;
  readonly status: 'firing' | 'resolved';
  /** Why it is told now, in a sentence. */
  readonly why: string;
  readonly incident: Incident;
}
