/** How urgent an incident is, 0 to 100, with the arithmetic. */
import type { Priority, PriorityPart, Severity, UnixMs } from '@tarsier/protocol';

export interface PriorityInput {
  readonly severity: Severity;
  readonly hosts: number;
  /** Highest anomaly score of its alerts; undefined when none is an anomaly. */
  readonly anomalyScore: number | undefined;
  /** Alerts of the same rules in the 30 days before. */
  readonly seenBefore: number;
  /** What people said of earlier incidents of the same rules. */
  readonly useful: number;
  readonly noise: number;
  readonly now: UnixMs;
  /** Whether it is a time at which people are told; undefined when that is always. */
  readonly withinHours: boolean | undefined;
}

const severityPoints: Readonly<Record<Severity, number>> = { info: 5, warning: 18, critical: 30, page: 40 };
/** The most that a part gives; together with 40 for severity they make 100. */
const most = { breadth: 20, strength: 15, novelty: 10, feedback: 10, hour: 5 } as const;
/** So many hosts, and such an anomaly (in robust standard deviations), are as bad as it gets. */
const full = { hosts: 64, anomalyScore: 20 } as const;

export function priorityOf(input: PriorityInput): Priority {
  const { severity, hosts, anomalyScore, seenBefore, useful, noise } = input;
  const parts: PriorityPart[] = [
    { name: 'severity', points: severityPoints[severity], why: severity },
    {
      name: 'breadth',
      points: most.breadth * Math.min(1, Math.log2(Math.max(1, hosts)) / Math.log2(full.hosts)),
      why: hosts === 1 ? '1 host' : `${hosts} hosts`,
    },
    {
      name: 'strength',
      points: most.strength * Math.min(1, (anomalyScore ?? 0) / full.anomalyScore),
      why: anomalyScore === undefined ? 'no anomaly' : `${anomalyScore.toFixed(1)} robust standard deviations`,
    },
    {
      name: 'novelty',
      points: most.novelty / (1 + seenBefore / 5),
      why: seenBefore === 0 ? 'not seen in 30 days' : `seen ${seenBefore} times in 30 days`,
    },
    {
      name: 'feedback',
      // Laplace: without a word it is in the middle, and one word alone does not decide.
      points: (most.feedback * (useful + 1)) / (useful + noise + 2),
      why: `called useful ${useful} times, noise ${noise} times`,
    },
    hourPart(input),
  ];
  const rounded = parts.map((part) => ({ ...part, points: Math.round(part.points * 10) / 10 }));
  return { score: Math.round(rounded.reduce((sum, { points }) => sum + points, 0)), parts: rounded };
}

/** Outside of working hours nobody sees it by chance. */
function hourPart({ now, withinHours }: PriorityInput): PriorityPart {
  const hour = new Date(now).getUTCHours();
  const isWatched = withinHours ?? (hour >= 7 && hour < 19);
  const by = withinHours === undefined ? `${hour}:00 UTC` : 'by the hours of its route';
  return {
    name: 'hour',
    points: isWatched ? 0 : most.hour,
    why: `${isWatched ? 'working hours' : 'off hours'}, ${by}`,
  };
}
