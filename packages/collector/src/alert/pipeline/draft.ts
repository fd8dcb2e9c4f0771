/** What one run of the desk has come to, as it grows. */
import type { Decision, Incident, TimelineEntry } from '@tarsier/protocol';
import type { AlertOutcome, DecidedAlert, NewNotification } from '../../storage/incidents.ts';

export class Draft implements AlertOutcome {
  readonly incidents = new Map<string, Incident>();
  readonly entries: TimelineEntry[] = [];
  readonly decisions = new Map<string, Decision>();
  readonly alerts = new Map<string, DecidedAlert>();
  readonly notifications: NewNotification[] = [];

  get isEmpty(): boolean {
    return this.incidents.size + this.decisions.size + this.alerts.size === 0;
  }
}
