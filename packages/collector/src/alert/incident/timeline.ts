/** Everything that happened around an incident, in one order of time. */
import type { AnomalyEvent, Decision, TimelineEntry } from '@tarsier/protocol';
import type { ChangeEvent, NotificationRecord, TimelineLine } from '@tarsier/protocol/api';

export interface Happenings {
  readonly entries: readonly TimelineEntry[];
  /** What was not told of its alerts and to its channels. */
  readonly unsent: readonly Decision[];
  readonly notifications: readonly NotificationRecord[];
  readonly anomalies: readonly AnomalyEvent[];
  readonly events: readonly ChangeEvent[];
  /** Names by their ids. */
  readonly channels: ReadonlyMap<string, string>;
}

export function timelineOf({
  entries,
  unsent,
  notifications,
  anomalies,
  events,
  channels,
}: Happenings): readonly TimelineLine[] {
  const lines: TimelineLine[] = [
    ...entries.map(({ at, kind, text, by }) => ({ at, kind, text, ...(by === undefined ? {} : { by }) })),
    ...unsent.map(({ at, subject, reason, detail }) => ({
      at,
      kind: 'unsent' as const,
      text: `${subject}: not told (${reason})${detail === '' ? '' : `, ${detail}`}`,
    })),
    ...notifications.flatMap((one) => deliveryOf(one, channels.get(one.channelId) ?? one.channelId)),
    ...anomalies.map(({ start, reason, host }) => ({ at: start, kind: 'anomaly' as const, text: reason, host })),
    ...events.map((event) => lineOf(event)),
  ];
  // What happens at one time stays in the order of the sources: sorting is stable.
  return lines.toSorted((a, b) => a.at - b.at);
}

function lineOf({ at, kind, title, text, host, link }: ChangeEvent): TimelineLine {
  return {
    at,
    kind: 'event',
    text: `${kind}: ${title}${text === '' ? '' : ` (${text})`}`,
    ...(host === '' ? {} : { host }),
    ...(link === undefined ? {} : { link }),
  };
}

/** That it arrived at once is no news beside that it was told. */
function deliveryOf(
  { createdAt, state, attempts, sentAt, error }: NotificationRecord,
  channel: string,
): readonly TimelineLine[] {
  if (state === 'sent') {
    if (attempts <= 1 || sentAt === undefined) return [];
    return [{ at: sentAt, kind: 'delivery', text: `${channel} has taken it, after ${attempts} tries` }];
  }
  if (error === undefined) return [];
  const what = state === 'given-up' ? 'could not be told' : 'could not be told yet, and is tried again';
  return [{ at: createdAt, kind: 'delivery', text: `${channel} ${what}: ${error}` }];
}
