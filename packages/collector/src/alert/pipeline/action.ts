import type { Incident, UnixMs } from '@tarsier/protocol';
import type { IncidentAction } from '@tarsier/protocol/api';

/** What a person's action makes of an incident, and how its timeline says it. */
export function applyAction(
  incident: Incident,
  action: IncidentAction,
  by: string,
  now: UnixMs,
): { readonly incident: Incident; readonly text: string } {
  switch (action.kind) {
    case 'acknowledge':
      return { incident: { ...incident, acknowledged: { by, at: now } }, text: 'acknowledged' };
    case 'unacknowledge': {
      const { acknowledged: _, ...open } = incident;
      return { incident: open, text: 'no longer acknowledged' };
    }
    case 'assign': {
      const { assignee: _, ...free } = incident;
      const { assignee } = action;
      return assignee === ''
        ? { incident: free, text: 'assigned to nobody' }
        : { incident: { ...free, assignee }, text: `assigned to ${assignee}` };
    }
    case 'snooze':
      return {
        incident: { ...incident, snoozedUntil: action.until },
        text: `snoozed until ${new Date(action.until).toISOString()}`,
      };
    case 'comment':
      return { incident, text: action.text };
    case 'resolve':
      return { incident: { ...incident, status: 'resolved', resolvedAt: now, closedBy: by }, text: 'closed' };
    case 'feedback':
      return { incident: { ...incident, feedback: action.verdict }, text: `called ${action.verdict}` };
  }
}
