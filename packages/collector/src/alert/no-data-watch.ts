/** What has fallen silent, of the hosts or series that have sent something. Knows no database and no clock. */
import { type UnixMs } from '@tarsier/protocol';
import type { NoDataRule } from '@tarsier/protocol/api';
import { formatTime } from '../stats/format.ts';
import type { StoredSamples } from '../stored-samples.ts';
import { alertSeries, endedAlert, matchingColumns, newAlert, type AlertSeries, type Matches } from './alert-series.ts';
import { describeDuration } from './threshold.ts';
import { Watch, type OpenAlert, type RuleOutcome } from './watch.ts';

/** A host, or a series. */
interface Source {
  readonly series: AlertSeries;
  /** When something came of it, on the collector's clock: an agent that catches up is not silent. */
  heardAt: UnixMs;
  alert: OpenAlert | undefined;
}

/** A source of a schema's samples, and in which column they are; undefined: in any. */
interface Watched {
  readonly column: number | undefined;
  readonly series: AlertSeries;
}

/** After a start, or when nothing could be stored, agents take so long to come back: they wait longer between tries. */
const graceMs = 2 * 60_000;

export class NoDataWatch extends Watch {
  readonly rule: NoDataRule;
  readonly #matches: Matches;
  readonly #outcome: RuleOutcome;
  readonly #sources = new Map<string, Source>();
  /** The same by host: of a large fleet that is refused, one after the other, not all are gone through for each. */
  readonly #byHost = new Map<string, Set<Source>>();
  readonly #watched = new WeakMap<StoredSamples['schema'], readonly Watched[]>();
  /** Before it nothing could be heard: what is not back yet has a while to come back. */
  #hearingSince: UnixMs = -Infinity;

  constructor(rule: NoDataRule, matches: Matches, outcome: RuleOutcome) {
    super();
    this.rule = rule;
    this.#matches = matches;
    this.#outcome = outcome;
  }

  restore(alert: OpenAlert): void {
    const series = alertSeries(alert);
    this.#add({ series, heardAt: alert.state.since, alert });
  }

  get open(): readonly OpenAlert[] {
    return [...this.#sources.values()].flatMap(({ alert }) => (alert === undefined ? [] : [alert]));
  }

  override resume(before: Watch): void {
    if (!(before instanceof NoDataWatch) || before.rule.of !== this.rule.of) return;
    this.#hearingSince = before.#hearingSince;
    // Hosts that the rule does not watch any more are not known apart here: what they have sent was.
    for (const source of before.#sources.values()) this.#add(source);
  }

  override consume(stored: StoredSamples, now: UnixMs): void {
    for (const { column, series } of this.#watchedIn(stored.schema)) {
      if (column !== undefined && !hasValues(stored, column)) continue;
      const source = this.#sources.get(series.signature);
      if (source === undefined) this.#add({ series, heardAt: now, alert: undefined });
      else {
        source.heardAt = now;
        if (source.alert !== undefined) this.#end(source, source.alert, now, `samples again at ${formatTime(now)}`);
      }
    }
  }

  /** It was there before the start. What is old news must not end an alert. */
  override replay(stored: StoredSamples): void {
    for (const { column, series } of this.#watchedIn(stored.schema)) {
      if (this.#sources.has(series.signature) || (column !== undefined && !hasValues(stored, column))) continue;
      this.#add({ series, heardAt: -Infinity, alert: undefined });
    }
  }

  override deaf(now: UnixMs): void {
    this.#hearingSince = now;
    // A clock that was put back must not make them wait for the time that it showed.
    for (const source of this.#sources.values()) source.heardAt = Math.min(source.heardAt, now - 1);
  }

  override refused(host: string | undefined, now: UnixMs): void {
    const sources = host === undefined ? this.#sources.values() : (this.#byHost.get(host) ?? []);
    for (const source of sources) source.heardAt = now;
  }

  /** Begins the alerts of those that have been silent for too long, and ends those that do not come any more. */
  tick(now: UnixMs): void {
    const { forMs, forgetMs, of } = this.rule;
    for (const source of this.#sources.values()) {
      const { heardAt: heard, alert } = source;
      const heardAt = heard >= this.#hearingSince ? heard : this.#hearingSince + graceMs;
      if (of === 'series' && alert !== undefined && now - alert.state.since >= forgetMs) {
        this.#end(source, alert, now, `not waited for after ${describeDuration(forgetMs)}`);
        this.#remove(source);
      }
      if (alert !== undefined || now - heardAt < forMs) continue;
      this.#begin(source, heardAt, heardAt + forMs);
    }
  }

  override forget(host: string, now: UnixMs): void {
    for (const source of this.#byHost.get(host) ?? []) {
      if (source.alert !== undefined) this.#end(source, source.alert, now, 'the host was taken away');
      this.#remove(source);
    }
  }

  endAll(now: UnixMs, why: string): void {
    for (const source of this.#sources.values()) {
      if (source.alert !== undefined) this.#end(source, source.alert, now, why);
    }
  }

  #add(source: Source): void {
    const { host, signature } = source.series;
    const former = this.#sources.get(signature);
    if (former !== undefined) this.#remove(former);
    this.#sources.set(signature, source);
    const ofHost = this.#byHost.get(host);
    if (ofHost === undefined) this.#byHost.set(host, new Set([source]));
    else ofHost.add(source);
  }

  #remove(source: Source): void {
    const { host, signature } = source.series;
    this.#sources.delete(signature);
    const ofHost = this.#byHost.get(host);
    ofHost?.delete(source);
    if (ofHost?.size === 0) this.#byHost.delete(host);
  }

  #begin(source: Source, heardAt: UnixMs, since: UnixMs): void {
    const { forMs, of } = this.rule;
    const { series } = source;
    source.alert = {
      ...newAlert(this.rule, series, since),
      state: { kind: 'firing', since, value: forMs / 1000 },
      reason: `nothing has come of ${of === 'host' ? series.host : series.signature} for ${describeDuration(forMs)}, since ${formatTime(heardAt)}`,
    };
    this.#outcome.changed(source.alert);
  }

  #end(source: Source, alert: OpenAlert, now: UnixMs, why: string): void {
    source.alert = undefined;
    this.#outcome.changed(endedAlert(alert, now, why));
  }

  #watchedIn(schema: StoredSamples['schema']): readonly Watched[] {
    let watched = this.#watched.get(schema);
    if (watched === undefined) {
      const columns = matchingColumns(schema, this.#matches);
      const { host } = schema;
      if (this.rule.of === 'series') watched = columns;
      else if (columns.length === 0) watched = [];
      else watched = [{ column: undefined, series: alertSeries({ host, metric: '', labels: { host } }) }];
      this.#watched.set(schema, watched);
    }
    return watched;
  }
}

/** A plugin that fails leaves its columns empty while its agent goes on. */
function hasValues({ matrix: { times, values, present } }: StoredSamples, column: number): boolean {
  const rows = times.length;
  for (let at = column * rows; at < (column + 1) * rows; at++) {
    if ((present === undefined || present[at] !== 0) && !Number.isNaN(values[at])) return true;
  }
  return false;
}
