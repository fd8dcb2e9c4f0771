/** What one run of the desk has come to, as it grows; written at once in the end. */
import type { Alert, Decision, HoldReason, Incident, TellReason, TimelineEntry, UnixMs } from '@tarsier/protocol';
import type { AlertOutcome, DecidedAlert, NewNotification } from '../../storage/incidents.ts';
import { subjectOf } from './alert-labels.ts';
import type { Case, Member } from './case.ts';

/** What was decided of an alert's beginning or end, or of a channel. */
interface Verdict {
  readonly at: UnixMs;
  readonly told: boolean;
  readonly reason: TellReason | HoldReason;
  readonly detail: string;
}

const mostNamed = 5;

export class Docket {
  #incidents = new Map<string, Incident>();
  #entries: TimelineEntry[] = [];
  #decisions = new Map<string, Decision>();
  #alerts = new Map<string, DecidedAlert>();
  #notifications: NewNotification[] = [];

  /** What there is to write, if anything; what comes from now on is of the next run. */
  take(): AlertOutcome | undefined {
    const outcome = {
      incidents: this.#incidents,
      entries: this.#entries,
      decisions: this.#decisions,
      alerts: this.#alerts,
      notifications: this.#notifications,
    };
    [this.#incidents, this.#entries, this.#decisions] = [new Map(), [], new Map()];
    [this.#alerts, this.#notifications] = [new Map(), []];
    return outcome.incidents.size + outcome.decisions.size + outcome.alerts.size === 0 ? undefined : outcome;
  }

  hasChanged({ incident }: Case): boolean {
    return this.#incidents.has(incident.id);
  }

  change(of: Case, incident: Incident): void {
    of.incident = incident;
    this.#incidents.set(incident.id, incident);
  }

  /** A line of the timeline. */
  note(of: Case, at: UnixMs, kind: TimelineEntry['kind'], text: string, by?: string): void {
    const number = of.incident.entries + 1;
    const incidentId = of.incident.id;
    this.change(of, { ...of.incident, entries: number });
    this.#entries.push({ incidentId, number, at, kind, text, ...(by === undefined ? {} : { by }) });
  }

  noteAlerts(of: Case, at: UnixMs, kind: 'joined' | 'resolved', alerts: readonly Alert[]): void {
    const names = alerts.slice(0, mostNamed).map(subjectOf).join(', ');
    const more = alerts.length > mostNamed ? ` and ${alerts.length - mostNamed} more` : '';
    this.note(of, at, kind, `${kind === 'joined' ? 'fires' : 'over'}: ${names}${more}`);
  }

  /** How far an alert has been dealt with. */
  mark(of: Case, { alert: { id }, over, told }: Member): void {
    this.#alerts.set(id, { id, incidentId: of.incident.id, decided: over ? 'resolved' : 'firing', told });
  }

  decideBeginning(of: Case, member: Member, verdict: Verdict): void {
    member.recorded = verdict.reason;
    const subject = `${subjectOf(member.alert)} fires`;
    this.#decide({ id: `${member.alert.id}/firing`, kind: 'alert', incidentId: of.incident.id, subject, ...verdict });
  }

  decideEnd(of: Case, alert: Alert, verdict: Verdict): void {
    const subject = `${subjectOf(alert)} is over`;
    this.#decide({ id: `${alert.id}/resolved`, kind: 'alert', incidentId: of.incident.id, subject, ...verdict });
  }

  hasDecidedEnd(alertId: string): boolean {
    return this.#decisions.has(`${alertId}/resolved`);
  }

  decideChannel(of: Case, id: string, channel: string, verdict: Verdict): void {
    const { id: incidentId, title } = of.incident;
    this.#decide({ id, kind: 'channel', incidentId, subject: `${title} to ${channel}`, ...verdict });
  }

  send(notification: NewNotification): void {
    this.#notifications.push(notification);
  }

  #decide(decision: Decision): void {
    this.#decisions.set(decision.id, decision);
  }
}
