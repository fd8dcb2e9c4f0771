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
  /** The metric of a series, by its name: the same object each time. */
  metricOf(name: string): MetricDescription;
}

export function createFamilies(): Families {
  const families = new Map<string, Family>();
  const metrics = new Map<string, MetricDescription>();

  function family(name: string): Family {
    let found = families.get(name);
    if (found === undefined) families.set(name, (found = { type: undefined, help: '', unit: '' }));
    return found;
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
      const kind = kinds[ending] ?? (ending === '' ? kindByName(name) : undefined);
      if (kind === undefined) continue;
      return describeMetric(name, kind, unitOf(name, ending, owner), owner.help);
    }
    return describeMetric(name, kindByName(name), unitByName(name), '');
  }

  return {
    type(name, type) {
      const known = family(name);
      if (known.type !== undefined && known.type !== type) return false;
      known.type = type;
      return true;
    },
    help(name, help) {
      family(name).help = help;
    },
    unit(name, unit) {
      family(name).unit = unit;
    },
    metricOf(name) {
      let metric = metrics.get(name);
      if (metric === undefined) metrics.set(name, (metric = describe(name)));
      return metric;
    },
  };
}
