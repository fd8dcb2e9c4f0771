/** One incident with all that helps to understand it: what changed, what happened, and what it was seen in. */
import {
  describeError,
  seriesSignature,
  TarsierError,
  type Alert,
  type Incident,
  type SeriesColumn,
  type UnixMs,
} from '@tarsier/protocol';
import type {
  ChangeEvent,
  ChangesResponse,
  ChartMarker,
  IncidentChart,
  IncidentResponse,
  MetricChange,
} from '@tarsier/protocol/api';
import type { Log } from '../../log.ts';
import { aggregate } from '../../query/aggregate.ts';
import type { Engine, LabelledColumn } from '../../query/engine.ts';
import { parseSelector } from '../../query/language/parse.ts';
import type { Query, SeriesResult } from '../../query/query.ts';
import { withoutStale } from '../../query/staleness.ts';
import { hourMs, minuteMs } from '../../storage/hours.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import { fileRulePrefix, ruleIds } from '../groups/rule-group.ts';
import type { RuleBoards } from '../rule-boards.ts';
import {
  eventCondition,
  expressionCondition,
  isAbout,
  isSeriesOf,
  ruleCondition,
  seriesCondition,
  type AlertCondition,
} from './condition.ts';
import { hostLink, incidentLink, queryLink, type LinkRange } from '../../page-links.ts';
import { changeOf, type ChangeWindow, type SeriesChange } from './rank-changes.ts';
import { timelineOf } from './timeline.ts';

export interface IncidentView {
  /** @throws {TarsierError} `http/not-found` as do all of these */
  view(scope: TenantScope, id: string): Promise<IncidentResponse>;
  changes(scope: TenantScope, id: string, limit: number, each?: OnCompared): Promise<ChangesResponse>;
  /**
   * What its likely cause was seen in; undefined where there is nothing to draw.
   *
   * @param until  what came later is not shown
   */
  chart(scope: TenantScope, id: string, until?: UnixMs): Promise<IncidentChart | undefined>;
}

/** Called with each series that was compared: its means, or rates, by step. */
export type OnCompared = (
  series: SeriesResult['series'],
  steps: SeriesColumn,
  window: ChangeWindow,
  change: SeriesChange | undefined,
) => void;

export interface IncidentViewDeps {
  readonly storage: Pick<Storage, 'incidents' | 'lists' | 'channels' | 'anomalyEvents' | 'changeEvents' | 'rules'>;
  readonly query: Pick<Query, 'samples' | 'series'>;
  readonly engine: Pick<Engine, 'range'>;
  readonly boards: Pick<RuleBoards, 'of'>;
  readonly pageUrl: string | undefined;
  readonly log: Log;
  readonly now: () => UnixMs;
}

/** What is looked at around an incident. */
const around = { beforeMs: 30 * minuteMs, afterMs: 5 * minuteMs, eventsBeforeMs: hourMs } as const;
const compared = { stepMs: 10_000, afterMs: 10 * minuteMs } as const;
/** What comparing may cost: hosts, series of each, samples in all. */
const most = { hosts: 5, series: 5_000, samples: 8_000_000, entries: 1_000, lines: 5, points: 240 } as const;

export function createIncidentView(deps: IncidentViewDeps): IncidentView {
  const { storage, query, engine, boards, pageUrl, log, now } = deps;

  async function find(scope: TenantScope, id: string): Promise<Incident> {
    const incident = await storage.incidents.find(scope, id);
    if (incident === undefined) throw new TarsierError('http/not-found', `there is no incident ${id}`);
    return incident;
  }

  async function conditionOf(scope: TenantScope, alert: Alert): Promise<AlertCondition> {
    const { ruleId, metric, host, state } = alert;
    if (ruleId.startsWith(fileRulePrefix)) {
      for (const { file, group } of (await boards.of(scope)).groups) {
        const rule = group.rules[ruleIds(file, group).indexOf(ruleId)];
        if (rule?.kind === 'alert') return expressionCondition(rule);
      }
      return seriesCondition(alert);
    }
    if (metric === 'anomaly_event') {
      const range = { start: state.since - minuteMs, end: state.since + minuteMs, hosts: [host] };
      const [event] = await storage.anomalyEvents.list(scope, range);
      const [strongest] = event?.contributors ?? [];
      if (event === undefined || strongest === undefined) return { query: undefined, forMs: 0, unitOf: '' };
      const selector = seriesSignature({ name: strongest.metric, labels: strongest.labels });
      const [series] = await query.series(scope, parseSelector(selector), 1);
      return eventCondition(event, series?.kind === 'counter');
    }
    const rule = await storage.rules.find(scope, ruleId);
    return rule === undefined ? seriesCondition(alert) : ruleCondition(alert, rule);
  }

  /** Since when the condition of its first alert has held, and what there is to look at. */
  async function timesOf(
    scope: TenantScope,
    incident: Incident,
  ): Promise<{ readonly start: UnixMs; readonly range: LinkRange; readonly condition: AlertCondition | undefined }> {
    const [leading] = incident.alerts;
    const condition = leading === undefined ? undefined : await conditionOf(scope, leading);
    const first = Math.min(incident.openedAt, ...incident.alerts.map(({ state }) => state.since));
    const start = first - (condition?.forMs ?? 0);
    const end = Math.min(now(), (incident.resolvedAt ?? now()) + around.afterMs);
    const lead = Math.max(around.beforeMs, (end - start) / 4);
    return { start, range: { start: start - lead, end: Math.max(end, start) }, condition };
  }

  async function eventsOf(
    scope: TenantScope,
    { hosts }: Incident,
    { start, end }: LinkRange,
  ): Promise<readonly ChangeEvent[]> {
    return storage.changeEvents.list(scope, { start: start - around.eventsBeforeMs, end, hosts, limit: most.entries });
  }

  /** What comes from a Prometheus knows its host as its `instance`. */
  async function samplesOf(
    scope: TenantScope,
    host: string,
    { from, end }: ChangeWindow,
    limits: { readonly series: number; readonly samples: number },
  ): Promise<readonly SeriesResult[]> {
    for (const label of ['host', 'instance']) {
      const matchers = parseSelector(seriesSignature({ name: '', labels: { [label]: host } }));
      const found = await query.samples(scope, { matchers, from, to: end, limits });
      if (found.length > 0) return found;
    }
    return [];
  }

  async function lineOf(
    scope: TenantScope,
    alert: Alert,
    condition: AlertCondition,
    range: LinkRange,
  ): Promise<LabelledColumn | undefined> {
    if (condition.query === undefined) return undefined;
    const stepMs = Math.max(1_000, Math.ceil((range.end - range.start) / most.points / 1_000) * 1_000);
    const { data } = await engine.range(scope, {
      query: condition.query,
      start: Math.ceil(range.start / stepMs) * stepMs,
      end: range.end,
      stepMs,
      // A host that is gone must not be drawn as if it were there for five minutes more.
      lookBackMs: Math.max(minuteMs, 2 * stepMs),
    });
    const series = data.kind === 'matrix' ? data.series : [];
    return series.find(({ labels }) => isSeriesOf(alert, labels.toObject()));
  }

  return {
    async view(scope, id) {
      const incident = await find(scope, id);
      const { range, condition } = await timesOf(scope, incident);
      const [entries, { items: unsent }, { items: notifications }, channels, anomalies, events] = await Promise.all([
        storage.incidents.timeline(scope, id),
        storage.lists.unsent(scope, { incident: id, limit: most.entries }),
        storage.lists.notifications(scope, { incident: id, limit: most.entries }),
        storage.channels.list(scope),
        storage.anomalyEvents.list(scope, { ...range, hosts: incident.hosts }),
        eventsOf(scope, incident, range),
      ]);
      const names = new Map(channels.map(({ id, name }) => [id, name]));
      return {
        incident,
        timeline: timelineOf({ entries, unsent, notifications, anomalies, events, channels: names }),
        notifications,
        anomalies,
        events,
        range,
        links: {
          incident: incidentLink(pageUrl, incident, range),
          hosts: incident.hosts.map((host) => ({ host, link: hostLink(pageUrl, host, range) })),
          ...(condition?.query === undefined ? {} : { query: queryLink(pageUrl, condition.query, range) }),
        },
      };
    },

    async changes(scope, id, limit, each) {
      const incident = await find(scope, id);
      const { start, condition } = await timesOf(scope, incident);
      const window: ChangeWindow = {
        from: start - around.beforeMs,
        start,
        end: Math.min(now(), start + compared.afterMs, (incident.resolvedAt ?? Infinity) + minuteMs),
      };
      const tests = condition === undefined ? [] : incident.alerts.map((alert) => isAbout(alert, condition));
      const hosts: string[] = [];
      const found: MetricChange[] = [];
      let left: { readonly series: number; readonly samples: number } = most;
      let seriesCompared = 0;
      for (const host of incident.hosts.slice(0, most.hosts)) {
        let results: readonly SeriesResult[];
        try {
          results = await samplesOf(scope, host, window, left);
        } catch (error) {
          log.warn('a host has too much to be compared', { incident: id, host, error: describeError(error) });
          break;
        }
        hosts.push(host);
        seriesCompared += results.length;
        left = {
          series: most.series,
          samples: results.reduce((sum, { column }) => sum - column.times.length, left.samples),
        };
        for (const result of results) {
          const change = changeIn(result, window, each);
          if (change !== undefined) found.push({ ...change, isAlert: tests.some((test) => test(result.series)) });
        }
      }
      return {
        changes: byMetric(found).slice(0, limit),
        start,
        range: { start: window.from, end: window.end },
        hosts,
        seriesCompared,
        hostsLeftOut: incident.hostCount - hosts.length,
      };
    },

    async chart(scope, id, until = now()) {
      const incident = await find(scope, id);
      const { start, range: whole, condition } = await timesOf(scope, incident);
      const [leading] = incident.alerts;
      if (leading === undefined || condition?.query === undefined) return undefined;
      const range = { start: whole.start, end: Math.min(whole.end, until) };
      const alike = incident.alerts.filter(({ ruleId }) => ruleId === leading.ruleId).slice(0, most.lines);
      const series: IncidentChart['series'][number][] = [];
      const queries = new Set<string>();
      for (const alert of alike) {
        const own = await conditionOf(scope, alert);
        if (own.query !== undefined) queries.add(own.query);
        const line = await lineOf(scope, alert, own, range);
        if (line !== undefined) series.push(drawn(labelOf(alert), line));
      }
      if (series.length === 0) return undefined;
      const events = await eventsOf(scope, incident, { start: range.start + around.eventsBeforeMs, end: range.end });
      return {
        title: condition.query,
        query: [...queries].join(' or '),
        unit: await unitOf(scope, condition),
        range,
        series,
        ...(condition.threshold === undefined ? {} : { threshold: condition.threshold }),
        markers: markersOf(incident, start, events, range),
      };
    },
  };

  async function unitOf(scope: TenantScope, { unitOf: metric }: AlertCondition): Promise<string> {
    if (metric === '') return '';
    const [series] = await query.series(scope, parseSelector(seriesSignature({ name: metric, labels: {} })), 1);
    return series?.unit ?? '';
  }
}

/** Of a counter its rate is looked at: it grows all the time. */
function changeIn(
  { series, column }: SeriesResult,
  window: ChangeWindow,
  each?: OnCompared,
): Omit<MetricChange, 'isAlert'> | undefined {
  const isRate = series.kind === 'counter';
  const aggregation = isRate ? 'rate' : 'avg';
  const steps = aggregate(withoutStale(column), window.from, window.end, compared.stepMs, aggregation);
  const change = changeOf(steps, window);
  each?.(series, steps, window, change);
  if (change === undefined) return undefined;
  return { metric: series.name, labels: series.labels, unit: series.unit, isRate, ...change, alike: 0 };
}

/** One of each metric, the one with the highest score. */
function byMetric(changes: readonly MetricChange[]): readonly MetricChange[] {
  const ranked = changes.toSorted((a, b) => b.score - a.score);
  return Array.from(Map.groupBy(ranked, ({ metric }) => metric).values(), ([first, ...others]) => ({
    // A group has at least one.
    ...(first as MetricChange),
    alike: others.length,
    isAlert: [first, ...others].some((one) => one?.isAlert === true),
  }));
}

function labelOf({ host, labels }: Alert): string {
  const others = Object.entries(labels).filter(([name]) => name !== 'host' && name !== 'severity');
  const rest = others.map(([name, value]) => `${name}="${value}"`).join(', ');
  return [host, rest].filter((part) => part !== '').join(' ') || 'value';
}

function drawn(label: string, { times, values }: LabelledColumn): IncidentChart['series'][number] {
  return {
    label,
    times: Array.from(times),
    values: Array.from(values, (value) => (Number.isFinite(value) ? value : null)),
  };
}

function markersOf(
  { resolvedAt }: Incident,
  start: UnixMs,
  events: readonly ChangeEvent[],
  range: LinkRange,
): readonly ChartMarker[] {
  const markers: ChartMarker[] = [
    { at: start, kind: 'start', label: 'start' },
    ...(resolvedAt === undefined ? [] : [{ at: resolvedAt, kind: 'end' as const, label: 'over' }]),
    ...events.map(({ at, kind, title }) => ({ at, kind: 'event' as const, label: `${kind}: ${title}` })),
  ];
  return markers.filter(({ at }) => at >= range.start && at <= range.end).toSorted((a, b) => a.at - b.at);
}
