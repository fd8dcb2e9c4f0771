/** One alerting rule of a file: which of its series are pending, fire, or are over. Knows no database and no clock. */
import { severities, type Alert, type Labels, type Severity, type UnixMs } from '@tarsier/protocol';
import { formatNumber, formatTime } from '../../stats/format.ts';
import { endedAlert } from '../alert-series.ts';
import { idOf } from '../id-of.ts';
import { sortedEntries } from '../sorted-entries.ts';
import { advance, type OpenState } from '../state-machine.ts';
import type { AlertingRule } from './rule-group.ts';

/** A series that the rule's expression gives, with the labels and annotations of its alert. */
export interface AlertSample {
  /** Without the metric's name and `alertname`. */
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly metric: string;
  readonly value: number;
  /** Whether the condition holds: of an expression that gives only what fires it does. */
  readonly holds?: boolean;
  /** Whether an alert that fires is over by it. */
  readonly clears?: boolean;
}

export interface AlertSink {
  /** An alert began, fires, or is over. */
  changed(alert: Alert): void;
  /** A pending alert is over without having fired. */
  forgotten(alertId: string): void;
}

interface Active {
  alert: Alert & { readonly state: OpenState };
  /** When its condition first held. */
  readonly begun: UnixMs;
  /** Restored, and not seen since: agents that catch up may have it again in a moment. */
  unseenSince: UnixMs | undefined;
}

/** So long a restored alert is not over because there are no samples: the look-back of a query. */
const graceMs = 5 * 60_000;

export class AlertRuleRun {
  readonly id: string;
  readonly #rule: AlertingRule;
  readonly #sink: AlertSink;
  readonly #active = new Map<string, Active>();

  constructor(id: string, rule: AlertingRule, sink: AlertSink) {
    this.id = id;
    this.#rule = rule;
    this.#sink = sink;
  }

  get open(): readonly Active['alert'][] {
    return Array.from(this.#active.values(), ({ alert }) => alert);
  }

  /** Goes on with alerts that were open when the collector stopped, or that the rule had before it was changed. */
  restore(alerts: readonly Alert[], now: UnixMs): void {
    for (const alert of alerts) {
      const { state } = alert;
      if (state.kind === 'resolved') continue;
      this.#active.set(keyOf(alert.labels), { alert: { ...alert, state }, begun: state.since, unseenSince: now });
    }
  }

  /** @param samples  each with labels of its own */
  evaluate(samples: readonly AlertSample[], time: UnixMs): void {
    const seen = new Set<string>();
    for (const sample of samples) {
      const key = keyOf(sample.labels);
      seen.add(key);
      this.#observe(key, sample, time);
    }
    for (const [key, active] of this.#active) if (!seen.has(key)) this.#ceases(key, active, time);
  }

  /** The rule is gone, and its alerts with it. */
  endAll(now: UnixMs, why: string): void {
    for (const [key, active] of this.#active) this.#end(key, active, now, why);
  }

  #observe(key: string, sample: AlertSample, time: UnixMs): void {
    const active = this.#active.get(key);
    const { value, holds = true, clears = false } = sample;
    const { forMs, keepFiringForMs: keepFiringMs } = this.#rule;
    const next = advance(active?.alert.state, { time, value, holds, clears }, { forMs, keepFiringMs });
    if (next === undefined || next.kind === 'resolved') {
      if (active !== undefined) this.#end(key, active, time, `${formatNumber(value)} at ${formatTime(time)}`);
      return;
    }
    const begun = active?.begun ?? time;
    const isNews = next.kind !== active?.alert.state.kind;
    // As in Prometheus: annotations tell of the value that there is now.
    const alert = isNews
      ? { ...this.#alertOf(key, sample, begun), state: next }
      : { ...active.alert, ...(holds ? { annotations: sample.annotations } : {}), state: next };
    this.#active.set(key, { alert, begun, unseenSince: undefined });
    if (isNews) this.#sink.changed(alert);
  }

  #ceases(key: string, active: Active, time: UnixMs): void {
    if (active.unseenSince !== undefined && time - active.unseenSince < graceMs) return;
    const { forMs, keepFiringForMs: keepFiringMs } = this.#rule;
    const { state } = active.alert;
    const next = advance(state, { time, value: state.value, holds: false, clears: true }, { forMs, keepFiringMs });
    if (next?.kind === 'firing') active.alert = { ...active.alert, state: next };
    else this.#end(key, active, time, 'the expression gives it no more');
  }

  #end(key: string, { alert }: Active, at: UnixMs, why: string): void {
    this.#active.delete(key);
    if (alert.state.kind === 'pending') this.#sink.forgotten(alert.id);
    else this.#sink.changed(endedAlert(alert, at, why));
  }

  #alertOf(key: string, { labels, annotations, metric, value }: AlertSample, begun: UnixMs): Omit<Alert, 'state'> {
    const { alert: name, expr } = this.#rule;
    return {
      id: idOf(`${this.id}\n${key}\n${begun}`),
      ruleId: this.id,
      name,
      severity: severityOf(labels['severity']),
      host: labels['host'] ?? labels['instance'] ?? '',
      metric,
      labels,
      annotations,
      ...shadowOf(annotations),
      reason:
        annotations['summary'] ??
        annotations['description'] ??
        annotations['message'] ??
        `${expr} gave ${formatNumber(value)}`,
    };
  }
}

/** What tells the alerts of a rule apart. */
export function keyOf(labels: Labels): string {
  return JSON.stringify(sortedEntries(labels));
}

/** Rules of files are put on trial by an annotation, which Prometheus takes for a text like others. */
function shadowOf({ tarsier_shadow_until: until = '' }: Labels): { readonly shadowUntil?: UnixMs } {
  const shadowUntil = Date.parse(until);
  return Number.isNaN(shadowUntil) ? {} : { shadowUntil };
}

/** What public rules call it, in the words that there are here. */
const otherWords: Readonly<Record<string, Severity>> = {
  none: 'info',
  notice: 'info',
  low: 'info',
  medium: 'warning',
  minor: 'warning',
  error: 'critical',
  major: 'critical',
  high: 'critical',
  emergency: 'page',
  disaster: 'page',
};

function severityOf(label: string | undefined): Severity {
  return severities.find((severity) => severity === label) ?? otherWords[label ?? ''] ?? 'warning';
}
