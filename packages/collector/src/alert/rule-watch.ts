/** What one rule makes of its series: which alerts begin, go on and end. Knows no database and no clock. */
import type { Alert, Anomaly, UnixMs } from '@tarsier/protocol';
import type { AnomalyRule, ThresholdRule } from '@tarsier/protocol/api';
import { formatterOf, formatTime } from '../stats/format.ts';
import type { StoredSamples } from '../stored-samples.ts';
import { alertSeries, endedAlert, matchingColumns, newAlert, type AlertSeries, type Matches } from './alert-series.ts';
import { advance, type Observation, type Patience } from './state-machine.ts';
import { clears, crosses, describeCrossing } from './threshold.ts';
import { Watch, type OpenAlert, type RuleOutcome } from './watch.ts';

/** Without a sample for this long an alert's series is gone, and so is the alert: Prometheus's look-back. */
const staleMs = 5 * 60_000;

/** What an anomaly that goes on says. */
const lasting = { holds: true, clears: false } as const;

/** An alert that is not over, and what decided on it. */
interface Open {
  alert: OpenAlert;
  /** When its condition first held. */
  readonly begun: UnixMs;
  /** Time of the newest sample that decided on it; undefined when that was before a restart. */
  lastSeen: UnixMs | undefined;
  /** When that came, on the collector's clock: an agent that catches up sends old samples, and is not silent. */
  heardAt: UnixMs;
  /** The anomaly that it stands for; undefined for a threshold, and until a restored one is told of again. */
  anomalyId?: string;
}

/** How far a rule has come with one series. */
interface SeriesWatch {
  readonly series: AlertSeries;
  /** Newest sample looked at: older ones must not turn back what it decided. */
  newest: UnixMs;
  /** Its raw value, for a rate. */
  previous: number;
  open: Open | undefined;
}

export class RuleWatch extends Watch {
  readonly rule: ThresholdRule | AnomalyRule;
  readonly #matches: Matches;
  readonly #outcome: RuleOutcome;
  readonly #patience: Patience;
  readonly #watches = new Map<string, SeriesWatch>();
  /** Those with an open alert. */
  readonly #open = new Set<SeriesWatch>();
  readonly #columns = new WeakMap<
    StoredSamples['schema'],
    readonly { readonly column: number; readonly watch: SeriesWatch }[]
  >();

  constructor(rule: ThresholdRule | AnomalyRule, matches: Matches, outcome: RuleOutcome) {
    super();
    this.rule = rule;
    this.#matches = matches;
    this.#outcome = outcome;
    this.#patience = { forMs: rule.forMs, keepFiringMs: rule.kind === 'threshold' ? rule.keepFiringMs : 0 };
  }

  restore(alert: OpenAlert, now: UnixMs): void {
    const { since } = alert.state;
    const watch = this.#watchOf(alertSeries(alert));
    watch.newest = Math.max(watch.newest, since);
    this.#setOpen(watch, { alert, begun: since, lastSeen: undefined, heardAt: now });
  }

  override over(alert: Pick<Alert, 'host' | 'metric' | 'labels'>, at: UnixMs): void {
    const watch = this.#watchOf(alertSeries(alert));
    watch.newest = Math.max(watch.newest, at);
  }

  override consume(stored: StoredSamples, now: UnixMs): void {
    if (this.rule.kind === 'threshold') this.#evaluate(this.rule, stored, now);
    else this.#wait(stored, now);
  }

  /** An anomaly began, changed or ended. */
  override anomaly(anomaly: Anomaly, now: UnixMs): void {
    const { rule } = this;
    if (rule.kind !== 'anomaly' || (rule.detector ?? anomaly.detector) !== anomaly.detector) return;
    if (!this.#matches({ name: anomaly.metric, labels: anomaly.labels })) return;
    const watch = this.#watchOf(alertSeries(anomaly));
    if (anomaly.end === undefined) this.#lasts(rule, watch, anomaly, now);
    else if (watch.open !== undefined && (watch.open.anomalyId ?? anomaly.id) === anomaly.id) {
      this.#over(rule, watch, watch.open, anomaly, anomaly.end);
    }
  }

  /** Silence of before counts for nothing. */
  override deaf(now: UnixMs): void {
    for (const { open } of this.#open) if (open !== undefined) open.heardAt = now;
  }

  override refused(host: string | undefined, now: UnixMs): void {
    for (const { open, series } of this.#open) {
      if (open !== undefined && (host ?? series.host) === series.host) open.heardAt = now;
    }
  }

  /** Ends alerts of silent series, and restored ones whose anomaly nobody has told of since. */
  tick(now: UnixMs): void {
    for (const watch of this.#open) {
      const { open } = watch;
      if (open === undefined) continue;
      if (this.rule.kind === 'anomaly') {
        if (open.anomalyId === undefined) this.#end(watch, now, 'the anomaly ended while the collector was stopped');
      } else if (now - open.heardAt > staleMs) this.#endStale(watch, open);
    }
  }

  get open(): readonly OpenAlert[] {
    return [...this.#open].flatMap(({ open }) => (open === undefined ? [] : [open.alert]));
  }

  endAll(now: UnixMs, why: string): void {
    for (const watch of this.#open) this.#end(watch, now, why);
  }

  #evaluate(rule: ThresholdRule, { schema, matrix }: StoredSamples, now: UnixMs): void {
    const { times, values, present } = matrix;
    const rows = times.length;
    for (const { column, watch } of this.#columnsOf(schema)) {
      for (let row = 0; row < rows; row++) {
        const at = column * rows + row;
        const time = times[row] ?? 0;
        const raw = values[at] ?? Number.NaN;
        if (Number.isNaN(raw) || (present !== undefined && present[at] === 0)) continue;
        if (time <= watch.newest) {
          // The one that decided before a restart, which the next one's rate is from.
          if (time === watch.newest && Number.isNaN(watch.previous)) watch.previous = raw;
          continue;
        }
        const value = rule.reduce === 'rate' ? ((raw - watch.previous) * 1000) / (time - watch.newest) : raw;
        const { open } = watch;
        if (open !== undefined && time - (open.lastSeen ?? time) > staleMs) this.#endStale(watch, open);
        watch.newest = time;
        watch.previous = raw;
        // The first sample, and a counter's reset, tell no rate.
        if (rule.reduce === 'rate' && !(value >= 0)) continue;
        const holds = crosses(rule, value);
        if (!holds && watch.open === undefined) continue;
        this.#observe(watch, { time, value, holds, clears: clears(rule, value) }, now, (begun) =>
          describeCrossing(rule, watch.series, value, begun),
        );
      }
    }
  }

  #lasts(rule: AnomalyRule, watch: SeriesWatch, { id, peakScore, peakAt, reason }: Anomaly, now: UnixMs): void {
    const { open } = watch;
    if (open !== undefined) open.anomalyId = id;
    if (peakScore < rule.minScore || (open !== undefined && peakAt < (open.lastSeen ?? open.begun))) return;
    this.#observe(watch, { time: peakAt, value: peakScore, ...lasting }, now, () => reason);
    if (watch.open !== undefined) watch.open.anomalyId = id;
  }

  /** An anomaly that lasts is told of only when it grows; its `for` passes with the samples of its host. */
  #wait({ schema, matrix }: StoredSamples, now: UnixMs): void {
    const time = matrix.times.at(-1) ?? 0;
    for (const watch of this.#open) {
      const { open } = watch;
      if (open?.anomalyId === undefined || open.alert.state.kind !== 'pending') continue;
      if (watch.series.host !== schema.host || time <= (open.lastSeen ?? open.begun)) continue;
      const { reason, state } = open.alert;
      this.#observe(watch, { time, value: state.value, ...lasting }, now, () => reason);
    }
  }

  #over(rule: AnomalyRule, watch: SeriesWatch, open: Open, { reason, peakScore }: Anomaly, end: UnixMs): void {
    const { state } = open.alert;
    if (state.kind === 'pending' && end - open.begun >= rule.forMs) {
      const firing = { kind: 'firing', since: open.begun + rule.forMs, value: peakScore } as const;
      open.alert = { ...open.alert, state: firing, reason };
      this.#outcome.changed(open.alert);
    }
    this.#end(watch, end, `as usual again after ${formatTime(end)}`);
  }

  #observe(watch: SeriesWatch, observation: Observation, now: UnixMs, reason: (begun: UnixMs) => string): void {
    const { open } = watch;
    const { time, value } = observation;
    const next = advance(open?.alert.state, observation, this.#patience);
    if (next === undefined) {
      if (open !== undefined) this.#drop(watch, open);
    } else if (next.kind === 'resolved') {
      this.#end(watch, time, `${formatterOf(watch.series.metric)(value)} at ${formatTime(time)}`, value);
    } else {
      const isNews = next.kind !== open?.alert.state.kind;
      const begun = open?.begun ?? time;
      const former = open?.alert ?? { ...newAlert(this.rule, watch.series, time), reason: '' };
      const alert = { ...former, state: next, reason: isNews ? reason(begun) : former.reason };
      this.#setOpen(watch, { ...open, alert, begun, lastSeen: time, heardAt: now });
      if (isNews) this.#outcome.changed(alert);
    }
  }

  #endStale(watch: SeriesWatch, open: Open): void {
    const last = open.lastSeen ?? open.heardAt;
    this.#end(watch, last, `no samples since ${formatTime(last)}`);
  }

  /** A pending alert that ends leaves no trace. */
  #end(watch: SeriesWatch, at: UnixMs, why: string, value?: number): void {
    const { open } = watch;
    if (open === undefined) return;
    const { alert } = open;
    if (alert.state.kind === 'pending') {
      this.#drop(watch, open);
      return;
    }
    this.#setOpen(watch, undefined);
    this.#outcome.changed(endedAlert(alert, at, why, value));
  }

  #drop(watch: SeriesWatch, { alert }: Open): void {
    this.#setOpen(watch, undefined);
    this.#outcome.forgotten(alert.id);
  }

  #setOpen(watch: SeriesWatch, open: Open | undefined): void {
    watch.open = open;
    if (open === undefined) this.#open.delete(watch);
    else this.#open.add(watch);
  }

  #columnsOf(schema: StoredSamples['schema']): readonly { readonly column: number; readonly watch: SeriesWatch }[] {
    let columns = this.#columns.get(schema);
    if (columns === undefined) {
      columns = matchingColumns(schema, this.#matches).map(({ column, series }) => ({
        column,
        watch: this.#watchOf(series),
      }));
      this.#columns.set(schema, columns);
    }
    return columns;
  }

  #watchOf(series: AlertSeries): SeriesWatch {
    let watch = this.#watches.get(series.signature);
    if (watch === undefined) {
      watch = { series, newest: 0, previous: Number.NaN, open: undefined };
      this.#watches.set(series.signature, watch);
    }
    return watch;
  }
}
