/** Hot file: what applications pushed, as one value per series, until the next tick takes it. Bounded. */
import { canonicalLabels, maxLabels, seriesSignature, type Labels, type MetricDescription } from '@tarsier/protocol';
import { toLabelName, toLabelValue } from '@tarsier/protocol/formats';
import type { ScrapeOutput } from '../plugin.ts';

/** A series and its value now. */
export interface PushedSeries {
  value: number;
  /** When it was last written to, ms. */
  seenAt: number;
  /** It was forgotten: a new one has to be asked for. */
  readonly hasEnded: boolean;
}

/** Why a sample was not taken. */
export type PushRefusal = 'too many series' | 'another kind' | 'too many labels';

export interface PushedSeriesStore {
  /**
   * The series of a metric and labels, made if there is none; `seenAt` is now. A counter begins at 0, a gauge at NaN,
   * which is no sample. Labels may be of any text.
   */
  of(metric: MetricDescription, labels: Labels): PushedSeries | PushRefusal;
  /** Puts all out, and ends those that nobody has written to for long. @returns whether some have ended */
  put(out: ScrapeOutput): boolean;
  readonly size: number;
}

export interface PushedSeriesOptions {
  readonly maxSeries: number;
  /** A series is put out at every tick until nobody has written to it for so long. */
  readonly idleMs: number;
  /** ms, of a clock that only goes forward. */
  readonly now: () => number;
  readonly warn: (message: string) => void;
  /**
   * Whether counters are counted here, from nothing: such a one is put out as 0 first. Otherwise what it counted until
   * it was first seen would be in no rate and no increase.
   */
  readonly countsFromZero?: boolean;
  /** Names that are the plugin's own, and can't be pushed. */
  readonly reserved?: ReadonlySet<string>;
}

interface Entry extends PushedSeries {
  wasPut: boolean;
  hasEnded: boolean;
  readonly metric: MetricDescription;
  readonly labels: Labels;
}

export function createPushedSeries(options: PushedSeriesOptions): PushedSeriesStore {
  const { maxSeries, idleMs, now, warn, countsFromZero = false, reserved = new Set() } = options;
  const entries = new Map<string, Entry>();
  /** The first that describes a metric decides what it is, as long as it has series. */
  const metrics = new Map<string, { readonly metric: MetricDescription; series: number }>();
  const told = new Set<PushRefusal>();

  function refuse(why: PushRefusal, what: string): PushRefusal {
    // Once each: a flood of them must not become a flood of log lines.
    if (!told.has(why)) warn(`${why}: the first sample left out is of ${what}`);
    told.add(why);
    return why;
  }

  return {
    of(metric, given) {
      const { name, kind } = metric;
      const labels = cleanLabels(given);
      const key = seriesSignature({ name, labels });
      let entry = entries.get(key);
      if (entry !== undefined && entry.metric.kind === kind) {
        entry.seenAt = now();
        return entry;
      }
      const known = metrics.get(name);
      if (reserved.has(name) || (known !== undefined && known.metric.kind !== kind))
        return refuse('another kind', name);
      if (Object.keys(labels).length > maxLabels) return refuse('too many labels', name);
      if (entries.size >= maxSeries) return refuse('too many series', key);
      if (known === undefined) metrics.set(name, { metric, series: 1 });
      else known.series++;
      const value = kind === 'counter' ? 0 : Number.NaN;
      entry = { metric: known?.metric ?? metric, labels, value, seenAt: now(), hasEnded: false, wasPut: false };
      entries.set(key, entry);
      return entry;
    },

    put(out) {
      const oldest = now() - idleMs;
      let ended = false;
      for (const [key, entry] of entries) {
        const { metric, labels, value } = entry;
        if (entry.seenAt < oldest) {
          entry.hasEnded = ended = true;
          entries.delete(key);
          const known = metrics.get(metric.name);
          if (known !== undefined && --known.series === 0) metrics.delete(metric.name);
          out.forget(metric.name, labels);
          continue;
        }
        out.declare(metric.name, metric);
        if (metric.kind === 'counter') out.counter(metric.name, countsFromZero && !entry.wasPut ? 0 : value, labels);
        else out.gauge(metric.name, value, labels);
        entry.wasPut = true;
      }
      return ended;
    },

    get size() {
      return entries.size;
    },
  };
}

/** Labels of whatever text, such as can be stored. `host` is the agent's own. */
function cleanLabels(labels: Labels): Labels {
  const clean = new Map<string, string>();
  for (const [name, value] of canonicalLabels(labels)) {
    const label = toLabelName(name);
    const ours = label === 'host' ? 'exported_host' : label;
    // Two names that become one: neither value may be lost.
    const before = clean.get(ours);
    clean.set(ours, toLabelValue(before === undefined ? value : `${before};${value}`));
  }
  return Object.fromEntries(clean);
}
