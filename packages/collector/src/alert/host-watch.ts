/** Which hosts have fallen silent, of those that have sent a rule's series. Knows no database and no clock. */
import type { Alert, UnixMs } from '@tarsier/protocol';
import type { NoDataRule } from '@tarsier/protocol/api';
import { formatTime } from '../stats/format.ts';
import type { StoredSamples } from '../stored-samples.ts';
import { alertSeries, endedAlert, matchingColumns, newAlert, type Matches } from './alert-series.ts';
import type { RuleOutcome } from './rule-watch.ts';
import type { OpenState } from './state-machine.ts';
import { describeDuration } from './threshold.ts';

interface Host {
  /** When something came of it, on the collector's clock: an agent that catches up is not silent. */
  heardAt: UnixMs;
  alert: (Alert & { readonly state: OpenState }) | undefined;
}

/** After a start, or when nothing could be stored, agents take so long to come back: they wait longer between tries. */
const graceMs = 2 * 60_000;

export class HostWatch {
  readonly rule: NoDataRule;
  readonly #matches: Matches;
  readonly #outcome: RuleOutcome;
  readonly #hosts = new Map<string, Host>();
  readonly #watched = new WeakMap<StoredSamples['schema'], boolean>();
  /** Before it nothing could be heard: what is not back yet has a while to come back. */
  #hearingSince: UnixMs = -Infinity;

  constructor(rule: NoDataRule, matches: Matches, outcome: RuleOutcome) {
    this.rule = rule;
    this.#matches = matches;
    this.#outcome = outcome;
  }

  /** Goes on with an alert that was open when the collector stopped. */
  restore(alert: Alert & { readonly state: OpenState }): void {
    this.#hosts.set(alert.host, { heardAt: alert.state.since, alert });
  }

  consume({ schema }: StoredSamples, now: UnixMs): void {
    if (!this.#isWatched(schema)) return;
    const host = this.#hosts.get(schema.host);
    if (host === undefined) this.#hosts.set(schema.host, { heardAt: now, alert: undefined });
    else {
      host.heardAt = now;
      if (host.alert !== undefined) this.#end(host, host.alert, now, `samples again at ${formatTime(now)}`);
    }
  }

  /** It was there before the start. What is old news must not end an alert. */
  replay({ schema }: StoredSamples): void {
    if (!this.#isWatched(schema) || this.#hosts.has(schema.host)) return;
    this.#hosts.set(schema.host, { heardAt: -Infinity, alert: undefined });
  }

  /** Until now nothing could be heard: the collector was not there, or could store nothing. */
  deaf(now: UnixMs): void {
    this.#hearingSince = now;
    // A clock that was put back must not make them wait for the time that it showed.
    for (const host of this.#hosts.values()) host.heardAt = Math.min(host.heardAt, now - 1);
  }

  /** Its samples came and could not be stored. */
  refused(name: string, now: UnixMs): void {
    const host = this.#hosts.get(name);
    if (host !== undefined) host.heardAt = now;
  }

  /** Begins the alerts of those that have been silent for too long. */
  tick(now: UnixMs): void {
    const { forMs } = this.rule;
    for (const [name, host] of this.#hosts) {
      const heardAt = host.heardAt >= this.#hearingSince ? host.heardAt : this.#hearingSince + graceMs;
      if (host.alert !== undefined || now - heardAt < forMs) continue;
      const since = heardAt + forMs;
      const series = alertSeries({ host: name, metric: '', labels: { host: name } });
      host.alert = {
        ...newAlert(this.rule, series, since),
        state: { kind: 'firing', since, value: forMs / 1000 },
        reason: `nothing has come of ${name} for ${describeDuration(forMs)}, since ${formatTime(heardAt)}`,
      };
      this.#outcome.changed(host.alert);
    }
  }

  forget(host: string): void {
    this.#hosts.delete(host);
  }

  endAll(now: UnixMs, why: string): void {
    for (const host of this.#hosts.values()) if (host.alert !== undefined) this.#end(host, host.alert, now, why);
  }

  #end(host: Host, alert: NonNullable<Host['alert']>, now: UnixMs, why: string): void {
    host.alert = undefined;
    this.#outcome.changed(endedAlert(alert, now, why));
  }

  #isWatched(schema: StoredSamples['schema']): boolean {
    let watched = this.#watched.get(schema);
    if (watched === undefined) {
      watched = matchingColumns(schema, this.#matches).length > 0;
      this.#watched.set(schema, watched);
    }
    return watched;
  }
}
