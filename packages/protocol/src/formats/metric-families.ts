/** What exporters say of a metric family, and what that makes of each of its series. */
import type { MetricDescription, MetricKind } from '../metric.ts';
import { describeMetric, kindByName, unitByName } from './names.ts';

/** By type: which series a family has, by the ending of their names, and of which kind. Others are not the family's. */
const kindsByType = {
  counter: { '': 'counter', _total: 'counter', _created: 'gauge' },
  gauge: { '': 'gauge' },
  histogram: { '': 'gauge', _bucket: 'counter', _count: 'counter', _sum: 'counter', _created: 'gauge' },
  gaugehistogram: { '': 'gauge', _bucket: 'gauge', _gcount: 'gauge', _gsum: 'gauge' },
  summary: { '': 'gauge', _count: 'counter', _sum: 'counter', _created: 'gauge' },
  info: { '': 'gauge', _info: 'gauge' },
  stateset: { '': 'gauge' },
  unknown: {},
  untyped: {},
} as const satisfies Record<string, Readonly<Record<string, MetricKind>>>;

export type FamilyType = keyof typeof kindsByType;

export function isFamilyType(word: string): word is FamilyType {
  return Object.hasOwn(kindsByType, word);
}

/** Series of a family that count its observations, whatever unit these have. */
const countEndings = new Set(['_bucket', '_count', '_gcount', '_info']);

/** Names that are remembered: a program that runs for years may make up new ones all the time. */
const mostNames = 100_000;

interface Family {
  type: FamilyType | undefined;
  help: string;
  unit: string;
}

export interface Families {
  /** @returns false when the family has another type already */
  type(name: string, type: FamilyType): boolean;
  help(name: string, help: string): void;
  unit(name: string, unit: string): void;
  /** The metric of a series, by its name: the same object until more is said of it. */
  metricOf(name: string): MetricDescription;
}

/** @param kindOf  the kind of a metric of which nothing was said */
export function createFamilies(kindOf: (name: string) => MetricKind = kindByName): Families {
  const families = new Map<string, Family>();
  const metrics = new Map<string, MetricDescription>();

  function family(name: string): Family {
    let found = families.get(name);
    if (found === undefined) {
      found = { type: undefined, help: '', unit: '' };
      if (families.size < mostNames) families.set(name, found);
    }
    return found;
  }

  /** What was made of it so far may be wrong, if something else is said now than before. */
  function say<Field extends keyof Family>(name: string, field: Field, value: Family[Field]): void {
    const known = family(name);
    if (known[field] === value) return;
    known[field] = value;
    metrics.clear();
  }

  function unitOf(name: string, ending: string, { unit }: Family): string {
    if (ending === '_created') return 'seconds';
    return countEndings.has(ending) ? '' : unit || unitByName(name);
  }

  function describe(name: string): MetricDescription {
    // The whole name first: `jobs_count` may be a gauge of that name.
    for (const ending of ['', /_[a-z]+$/u.exec(name)?.[0] ?? '']) {
      const owner = families.get(name.slice(0, name.length - ending.length));
      if (owner === undefined) continue;
      const kinds: Readonly<Record<string, MetricKind>> = owner.type === undefined ? {} : kindsByType[owner.type];
      const kind = kinds[ending] ?? (ending === '' ? kindOf(name) : undefined);
      if (kind === undefined) continue;
      return describeMetric(name, kind, unitOf(name, ending, owner), owner.help);
    }
    return describeMetric(name, kindOf(name), unitByName(name), '');
  }

  return {
    type(name, type) {
      const known = families.get(name)?.type;
      if (known !== undefined && known !== type) return false;
      say(name, 'type', type);
      return true;
    },
    help: (name, help) => say(name, 'help', help),
    unit: (name, unit) => say(name, 'unit', unit),
    metricOf(name) {
      let metric = metrics.get(name);
      if (metric === undefined) {
        metric = describe(name);
        if (metrics.size < mostNames) metrics.set(name, metric);
      }
      return metric;
    },
  };
}
