/** Hot file: samples of one plugin in columns that are used again at every scrape. */
import {
  canonicalLabels,
  describeValue,
  isLabelName,
  isMetricName,
  maxLabelValueLength,
  seriesSignature,
  TarsierError,
  type Labels,
  type MetricKind,
} from '@tarsier/protocol';
import { defaultMaxSeries, type MetricSpec, type Plugin, type ScrapeOutput } from '../plugin.ts';

export interface OutputSeries {
  readonly name: string;
  readonly labels: Labels;
}

export interface CollectedSamples extends ScrapeOutput {
  /** A series keeps its place, until it is forgotten: the place then goes to another. */
  readonly seriesList: readonly OutputSeries[];
  /** What a metric of the list means. */
  metricOf(name: string): MetricSpec | undefined;
  /** By series; meaningful where `present` is 1. */
  readonly values: Float64Array;
  readonly present: Uint8Array;
  /** Series that were refused because there were too many; counted up to as many as there may be. */
  readonly dropped: number;
  /** Whether the scrape asked for its samples to be sent at once. */
  readonly hurried: boolean;
  /** Grows with each series that is forgotten: places that were known before may be another's now. */
  readonly generation: number;
  /** Forgets the samples of the scrape before. */
  begin(): void;
}

/** A handle of a series that was refused. */
const refused = -1;

type OutputOf = Pick<Plugin, 'metrics' | 'dynamic'> & Partial<Pick<Plugin, 'maxSeries'>>;

/**
 * @param metrics    what the plugin may put out
 * @param dynamic    whether it may declare more
 * @param maxSeries  the plugin's own unless given; more are refused and counted: a plugin must not drown the collector
 */
export function createScrapeOutput(
  { metrics, dynamic, maxSeries: ownMost = defaultMaxSeries }: OutputOf,
  { maxSeries = ownMost, warn }: { readonly maxSeries?: number; readonly warn?: (message: string) => void } = {},
): CollectedSamples {
  const specs = new Map(Object.entries(metrics));
  const list: OutputSeries[] = [];
  const handles = new Map<string, number>();
  const refusals = new Set<string>();
  const freeHandles: number[] = [];
  /** How many series there are of a metric. */
  const seriesOf = new Map<string, number>();
  let values = new Float64Array(64);
  let present = new Uint8Array(64);
  let dropped = 0;
  let generation = 0;
  let hurried = false;

  function create(key: string, name: string, labels: Labels): number {
    if (!specs.has(name)) throw new TarsierError('plugin/metric', `${name}: expected a metric of the plugin's table`);
    for (const [label, value] of canonicalLabels(labels)) {
      if (!isLabelName(label) || label === 'host')
        throw new TarsierError('plugin/label', `${name}: ${JSON.stringify(label)} is no label name to use`);
      // From JavaScript: a number would pass until the batch is made, and cost all plugins the tick.
      requireType('string', value, 'plugin/label', `${name}: the value of ${label}`);
      if (value.length > maxLabelValueLength)
        throw new TarsierError('plugin/label', `${name}: the value of ${label} is longer than ${maxLabelValueLength}`);
    }
    if (list.length - freeHandles.length >= maxSeries) return refuse(key, name, labels);
    const handle = freeHandles.pop() ?? list.length;
    list[handle] = { name, labels: Object.fromEntries(canonicalLabels(labels)) };
    seriesOf.set(name, (seriesOf.get(name) ?? 0) + 1);
    if (handle >= values.length) {
      const [grownValues, grownPresent] = [new Float64Array(values.length * 2), new Uint8Array(values.length * 2)];
      grownValues.set(values);
      grownPresent.set(present);
      values = grownValues;
      present = grownPresent;
    }
    handles.set(key, handle);
    return handle;
  }

  function refuse(key: string, name: string, labels: Labels): number {
    if (dropped === 0)
      warn?.(`more than ${maxSeries} series; the first one left out is ${seriesSignature({ name, labels })}`);
    // Labels that are new each time must not fill the memory either: past some, they are refused one by one.
    if (refusals.size < maxSeries) {
      refusals.add(key);
      if (dropped < maxSeries) dropped++;
    }
    return refused;
  }

  function keyOf(name: string, labels: Labels | undefined): string {
    let key = name;
    for (const label in labels) key += `\0${label}\0${labels[label]}`;
    return key;
  }

  function handleOf(name: string, labels: Labels | undefined): number {
    const key = keyOf(name, labels);
    return handles.get(key) ?? (refusals.has(key) ? refused : create(key, name, labels ?? {}));
  }

  function forget(name: string, labels: Labels | undefined): void {
    const key = keyOf(name, labels);
    const handle = handles.get(key);
    if (handle === undefined) return;
    handles.delete(key);
    present[handle] = 0;
    freeHandles.push(handle);
    generation++;
    // There is room again for one of them.
    refusals.clear();
    const left = (seriesOf.get(name) ?? 1) - 1;
    seriesOf.set(name, left);
    if (left > 0) return;
    seriesOf.delete(name);
    // What was declared may come back as something else.
    if (!Object.hasOwn(metrics, name)) specs.delete(name);
  }

  function set(handle: number, value: number): void {
    if (handle === refused) return;
    if (!Number.isFinite(value)) {
      requireType('number', value, 'plugin/value', list[handle]?.name ?? '');
      return;
    }
    values[handle] = value;
    present[handle] = 1;
  }

  function put(kind: MetricKind, name: string, value: number, labels: Labels | undefined): void {
    const spec = specs.get(name);
    if (spec !== undefined && spec.kind !== kind)
      throw new TarsierError('plugin/metric', `${name}: expected a ${spec.kind}, got a ${kind}`);
    set(handleOf(name, labels), value);
  }

  function declare(name: string, spec: MetricSpec): void {
    const known = specs.get(name);
    if (known !== undefined) {
      if (known.kind === spec.kind && known.unit === spec.unit) return;
      throw new TarsierError(
        'plugin/metric',
        `${name}: expected a ${known.kind} in ${known.unit || 'counts'}, as it was declared, got a ${spec.kind} in ${spec.unit || 'counts'}`,
      );
    }
    if (!dynamic) throw new TarsierError('plugin/metric', `${name}: only a plugin that is dynamic declares metrics`);
    if (!isMetricName(name)) throw new TarsierError('plugin/metric', `${JSON.stringify(name)}: expected a metric name`);
    specs.set(name, spec);
  }

  return {
    declare,
    gauge: (name, value, labels) => put('gauge', name, value, labels),
    counter: (name, value, labels) => put('counter', name, value, labels),
    series: handleOf,
    set,
    forget,
    seriesList: list,
    metricOf: (name) => specs.get(name),
    get values() {
      return values;
    },
    get present() {
      return present;
    },
    get dropped() {
      return dropped;
    },
    get generation() {
      return generation;
    },
    hurry() {
      hurried = true;
    },
    get hurried() {
      return hurried;
    },
    begin() {
      hurried = false;
      present.fill(0);
    },
  };
}

/** What a type says of a plugin's own code nobody checks in JavaScript. */
function requireType(type: 'string' | 'number', value: unknown, code: string, what: string): void {
  if (typeof value !== type) throw new TarsierError(code, `${what}: expected a ${type}, got ${describeValue(value)}`);
}
