/** Share of the series that are unusual, of each host and of hosts that share a label, each ten seconds. */
import type { Labels, UnixMs } from '@tarsier/protocol';
import type { StoredSamples } from '../../stored-samples.ts';
import type { TenantScope } from '../../tenant.ts';
import type { Evidence } from './evidence.ts';

type Schema = StoredSamples['schema'];

/** The series that come out of it. */
export const rateMetrics = {
  host: {
    name: 'host_anomaly_ratio',
    kind: 'gauge',
    unit: 'ratio',
    help: 'Share of the samples of the host in ten seconds that were unlike the past of their series.',
  },
  group: {
    name: 'group_anomaly_ratio',
    kind: 'gauge',
    unit: 'ratio',
    help: 'The same over all hosts that have the label in common.',
  },
} as const;

/** Samples that are to be stored. */
export interface RateSeries {
  readonly metric: (typeof rateMetrics)[keyof typeof rateMetrics];
  /** Without `host`. */
  readonly labels: Labels;
  readonly times: number[];
  readonly values: number[];
}

export interface HostRates {
  readonly scope: TenantScope;
  readonly host: string;
  readonly series: readonly RateSeries[];
}

const binMs = 10_000;
/** Hosts whose newest bin is older are no part of their group any more. */
const groupMemoryMs = 60_000;
/** So much newer ingest takes samples of a host whose clock is ahead: by its time the others are not silent yet. */
const mostAheadMs = 300_000;
/** Bins of a host that wait to be taken. */
const mostWaiting = 60;

interface Bin {
  readonly at: UnixMs;
  readonly judged: number;
  readonly unusual: number;
}

interface Member {
  readonly key: string;
  readonly scope: TenantScope;
  readonly host: string;
  readonly own: RateSeries;
  readonly groups: ReadonlyMap<string, RateSeries>;
  at: UnixMs;
  judged: number;
  unusual: number;
}

export class AnomalyRates {
  readonly #members = new Map<string, Member>();
  /** By tenant, label and value. */
  readonly #groups = new Map<string, Group>();
  readonly #bySchema = new WeakMap<Schema, Member>();

  /** The rows from `firstRow` on were looked at. */
  observe(schema: Schema, times: Float64Array, firstRow: number, evidence: Evidence): void {
    const member = this.#memberOf(schema);
    for (let row = firstRow; row < times.length; row++) {
      const at = Math.floor((times[row] ?? 0) / binMs) * binMs;
      if (at > member.at) {
        this.#close(member);
        member.at = at;
      }
      member.judged += evidence.judgedIn(row);
      member.unusual += evidence.unusualCounts[row] ?? 0;
    }
  }

  /** What waits to be stored; it does not any more then. @param wanted  whether a host's is wanted now */
  take(wanted: (scope: TenantScope, host: string) => boolean): readonly HostRates[] {
    const taken: HostRates[] = [];
    for (const { scope, host, own, groups } of this.#members.values()) {
      if (own.times.length === 0 || !wanted(scope, host)) continue;
      const series = [own, ...groups.values()].map(({ metric, labels, times, values }) => ({
        metric,
        labels,
        times: times.splice(0),
        values: values.splice(0),
      }));
      taken.push({ scope, host, series });
    }
    return taken;
  }

  forget(scope: TenantScope, host: string): void {
    for (const [key, member] of this.#members) {
      if (member.scope.tenantId !== scope.tenantId || member.host !== host) continue;
      this.#members.delete(key);
      for (const groupKey of member.groups.keys()) {
        const group = this.#groups.get(groupKey);
        group?.remove(member.host);
        if (group?.isEmpty === true) this.#groups.delete(groupKey);
      }
    }
  }

  #memberOf(schema: Schema): Member {
    let member = this.#bySchema.get(schema);
    // One that was forgotten begins anew.
    if (member === undefined || this.#members.get(member.key) !== member) {
      this.#bySchema.set(schema, (member = this.#join(schema)));
    }
    return member;
  }

  #join(schema: Schema): Member {
    const { scope, host } = schema;
    const labels = commonLabels(schema);
    const groups = Object.entries(labels).map(([name, value]): [string, RateSeries] => [
      `${scope.tenantId}/${name}=${value}`,
      emptySeries(rateMetrics.group, { [name]: value }),
    ]);
    const key = `${scope.tenantId}/${host}/${groups.map(([group]) => group).join()}`;
    let member = this.#members.get(key);
    if (member === undefined) {
      const own = emptySeries(rateMetrics.host, labels);
      member = { key, scope, host, own, groups: new Map(groups), at: 0, judged: 0, unusual: 0 };
      this.#members.set(key, member);
    }
    return member;
  }

  #close(member: Member): void {
    const { at, judged, unusual, own, groups, host } = member;
    member.judged = 0;
    member.unusual = 0;
    if (judged === 0) return;
    add(own, at, unusual / judged);
    for (const [key, series] of groups) {
      let group = this.#groups.get(key);
      if (group === undefined) this.#groups.set(key, (group = new Group()));
      add(series, at, group.put(host, { at, judged, unusual }));
    }
  }
}

/** Hosts whose newest bins are of the same time. */
interface Together {
  readonly hosts: Set<string>;
  judged: number;
  unusual: number;
}

/**
 * The newest bin of each host, and their sums by time: adding up all hosts at each one's bin would be the square of a
 * large fleet. Times are few, but in no order: some clocks are ahead, and some hosts catch up.
 */
class Group {
  readonly #bins = new Map<string, Bin>();
  readonly #together = new Map<UnixMs, Together>();

  get isEmpty(): boolean {
    return this.#bins.size === 0;
  }

  /** @returns the share of all */
  put(host: string, bin: Bin): number {
    this.remove(host);
    this.#bins.set(host, bin);
    let added = this.#together.get(bin.at);
    if (added === undefined) this.#together.set(bin.at, (added = { hosts: new Set(), judged: 0, unusual: 0 }));
    added.hosts.add(host);
    added.judged += bin.judged;
    added.unusual += bin.unusual;
    let [judged, unusual] = [0, 0];
    for (const [at, together] of this.#together) {
      if (at >= bin.at - groupMemoryMs) {
        judged += together.judged;
        unusual += together.unusual;
      } else if (at < bin.at - groupMemoryMs - mostAheadMs) {
        for (const silent of together.hosts) this.#bins.delete(silent);
        this.#together.delete(at);
      }
    }
    return unusual / judged;
  }

  remove(host: string): void {
    const bin = this.#bins.get(host);
    const together = bin === undefined ? undefined : this.#together.get(bin.at);
    if (bin === undefined || together === undefined) return;
    this.#bins.delete(host);
    together.hosts.delete(host);
    together.judged -= bin.judged;
    together.unusual -= bin.unusual;
    if (together.hosts.size === 0) this.#together.delete(bin.at);
  }
}

function emptySeries(metric: RateSeries['metric'], labels: Labels): RateSeries {
  return { metric, labels, times: [], values: [] };
}

/** The share of a bin has the time of its end, when it was known. */
function add({ times, values }: RateSeries, at: UnixMs, value: number): void {
  times.push(at + binMs);
  values.push(Number(value.toFixed(4)));
  if (times.length <= mostWaiting) return;
  times.shift();
  values.shift();
}

/** Labels that all series of a host have, with the same value: those that somebody gave the host. */
export function commonLabels({ schema }: Schema): Labels {
  const [first, ...others] = schema.series;
  if (first === undefined || others.length === 0) return {};
  const shared = Object.entries(first.labels).filter(([name, value]) =>
    others.every(({ labels }) => Object.hasOwn(labels, name) && labels[name] === value),
  );
  return Object.fromEntries(shared);
}
