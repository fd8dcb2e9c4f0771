import type { Incident, TellReason } from '@tarsier/protocol';

/** Why a notification is sent now, in a sentence: the leading alert's reason, and what has changed. */
export function whyNow(reason: TellReason, incident: Incident): string {
  const [leading] = incident.alerts;
  const what = leading?.reason ?? incident.title;
  const count = incident.firing === 1 ? '1 alert fires' : `${incident.firing} alerts fire`;
  switch (reason) {
    case 'first':
      return incident.total > 1 ? `${what}; ${count}` : what;
    case 'more':
      return `${count} now, ${incident.total} in all: ${what}`;
    case 'worse':
      return `now ${incident.severity}: ${what}`;
    case 'again':
      return `fires again: ${what}`;
    case 'repeat':
      return `still there: ${what}`;
    case 'flapping':
      return `comes and goes, ${incident.reopenedAt.length} times lately; told again once it is steady: ${what}`;
    case 'escalated':
      return `nobody has acknowledged it: ${what}`;
    case 'late':
      return `late, because of the channel's limit: ${what}`;
    case 'resolved':
      return incident.closedBy === undefined ? what : `closed by ${incident.closedBy}: ${what}`;
  }
}
