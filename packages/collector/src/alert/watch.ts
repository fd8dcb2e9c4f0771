import type { Alert, Anomaly, UnixMs } from '@tarsier/protocol';
import type { Rule, RuleEvaluation } from '@tarsier/protocol/api';
import type { StoredSamples } from '../stored-samples.ts';
import type { OpenState } from './state-machine.ts';

/** Where a rule's alerts go. */
export interface RuleOutcome {
  /** An alert changed its state. */
  changed(alert: Alert): void;
  /** A pending alert is over without having fired. */
  forgotten(alertId: string): void;
}

export type OpenAlert = Alert & { readonly state: OpenState };

/** One rule at work. What does not concern its kind does nothing. */
export abstract class Watch {
  abstract readonly rule: Rule;

  /** Goes on with an alert that was open when the collector stopped. */
  abstract restore(alert: OpenAlert, now: UnixMs): void;
  /** One of its alerts was over at a time when the collector stopped: samples until then begin no other. */
  over(_alert: Pick<Alert, 'host' | 'metric' | 'labels'>, _at: UnixMs): void {}
  /** The rule is gone: its alerts are over. */
  abstract endAll(now: UnixMs, why: string): void;
  /** Alerts that are pending or fire. */
  abstract get open(): readonly OpenAlert[];
  /** Time has passed. */
  abstract tick(now: UnixMs): void;

  /** Takes over from the same rule as it was before it was changed. */
  resume(before: Watch, now: UnixMs): void {
    before.leave();
    for (const alert of before.open) this.restore(alert, now);
  }

  /** Another goes on from here: nothing more comes of this one. */
  leave(): void {}

  consume(_stored: StoredSamples, _now: UnixMs): void {}
  /** Samples of before the start. */
  replay(_stored: StoredSamples): void {}
  anomaly(_anomaly: Anomaly, _now: UnixMs): void {}
  /** Until now nothing could be heard: the collector was not there, or could store nothing. */
  deaf(_now: UnixMs): void {}
  /** The host's samples came and could not be stored; undefined: those of some host. */
  refused(_host: string | undefined, _now: UnixMs): void {}
  /** The host was taken away. */
  forget(_host: string, _now: UnixMs): void {}

  /** Resolves when it does not look any more. */
  async settled(): Promise<void> {}

  /** When it looked last, of a rule that looks now and then: whoever waits the longest has the next turn. */
  get lookedAt(): UnixMs {
    return 0;
  }

  /** Of a rule that is looked at now and then. */
  get evaluation(): RuleEvaluation | undefined {
    return undefined;
  }
}
