/** Hot file: lines to one value per series and tick. */
import type { Labels } from '@tarsier/protocol';
import { describeMetric, toMetricName } from '@tarsier/protocol/formats';
import type { PushedSeries, PushedSeriesStore, PushRefusal } from '../doors/pushed-series.ts';
import type { ScrapeOutput } from '../plugin.ts';
import { createDistinct, type Distinct } from './distinct.ts';
import { parseStatsdLine, tagLabels, type StatsdAside, type StatsdLine } from './parse.ts';
import { createTimer, timerSeries, type Timer } from './timer.ts';

export type DropReason = PushRefusal | 'malformed' | 'rate' | 'negative counter' | 'large set';

export interface AggregateOptions {
  readonly store: PushedSeriesStore;
  readonly prefix: string;
  readonly windowMs: number;
  /** Names and tags whose series are remembered. */
  readonly maxCached: number;
  readonly now: () => number;
  readonly onDropped: (why: DropReason, count?: number) => void;
  readonly onIgnored: (what: StatsdAside) => void;
}

export interface Aggregate {
  /** Lines, of a datagram or of a stream. */
  take(text: string): void;
  put(out: ScrapeOutput): void;
  /** Values that were taken. */
  readonly samples: number;
}

/** Where the values of one name, type and tags go. */
interface Sink {
  /** What is to be there as long as it is used. */
  readonly series: PushedSeries;
  /** @returns why the value is not taken */
  put(value: string, rate: number): DropReason | undefined;
}

export function createAggregate(options: AggregateOptions): Aggregate {
  const { store, prefix, windowMs, maxCached, now, onDropped, onIgnored } = options;
  /** By type, name and tags as they are written. */
  const sinks = new Map<string, Sink>();
  const timers = new Map<PushedSeries, Timer>();
  const sets = new Map<PushedSeries, Distinct>();
  let samples = 0;

  function takeLine(line: string): void {
    const parsed = parseStatsdLine(line);
    if (parsed === undefined) onDropped('malformed');
    else if (typeof parsed === 'string') onIgnored(parsed);
    else takeValues(parsed);
  }

  function takeValues(line: StatsdLine): void {
    const key = `${line.type}|${line.name}|${line.tags}`;
    let sink = sinks.get(key);
    if (sink === undefined) {
      const made = sinkOf(line);
      if (typeof made === 'string') {
        onDropped(made, line.values.length);
        return;
      }
      sink = made;
      if (sinks.size < maxCached) sinks.set(key, sink);
    }
    for (const value of line.values) {
      const why = sink.put(value, line.rate);
      if (why === undefined) samples++;
      else onDropped(why);
    }
  }

  function sinkOf({ type, name, tags }: StatsdLine): Sink | DropReason {
    const labels = tagLabels(tags);
    const metricName = toMetricName(prefix + name);
    switch (type) {
      case 'c':
        return counterSink(metricName, labels);
      case 'g':
        return gaugeSink(metricName, labels);
      case 's':
        return setSink(metricName, labels);
      case 'ms':
        return timerSink(withSuffix(metricName, '_seconds'), 'seconds', labels, 0.001);
      case 'h':
      case 'd':
        return timerSink(metricName, '', labels, 1);
    }
  }

  function counterSink(name: string, labels: Labels): Sink | DropReason {
    const series = store.of(describeMetric(withSuffix(name, '_total'), 'counter', '', ''), labels);
    if (typeof series === 'string') return series;
    return {
      series,
      put(text, rate) {
        const value = Number(text) / rate;
        // It would look like a counter that began anew.
        if (value < 0) return 'negative counter';
        series.value += value;
        series.seenAt = now();
        return undefined;
      },
    };
  }

  function gaugeSink(name: string, labels: Labels): Sink | DropReason {
    const series = store.of(describeMetric(name, 'gauge', '', ''), labels);
    if (typeof series === 'string') return series;
    return {
      series,
      put(text) {
        const isChange = text.startsWith('+') || text.startsWith('-');
        series.value = Number(text) + (isChange && !Number.isNaN(series.value) ? series.value : 0);
        series.seenAt = now();
        return undefined;
      },
    };
  }

  function timerSink(name: string, unit: string, labels: Labels, scale: number): Sink | DropReason {
    const all = timerSeries(store, { name, unit, labels, windowMs });
    if (typeof all === 'string') return all;
    const series = all.count;
    // The same tags may be written in many ways.
    const timer = timers.get(series) ?? createTimer(all, windowMs, now);
    timers.set(series, timer);
    return {
      series,
      put(text, rate) {
        timer.add(Number(text) * scale, 1 / rate);
        return undefined;
      },
    };
  }

  function setSink(name: string, labels: Labels): Sink | DropReason {
    const series = store.of(describeMetric(name, 'gauge', '', ''), labels);
    if (typeof series === 'string') return series;
    const distinct = sets.get(series) ?? createDistinct(series, windowMs, now);
    sets.set(series, distinct);
    return { series, put: (member) => (distinct.add(member) ? undefined : 'large set') };
  }

  return {
    take(text) {
      for (let from = 0; from < text.length;) {
        const end = text.indexOf('\n', from);
        const to = end < 0 ? text.length : end;
        const line = text.slice(from, text.charCodeAt(to - 1) === 0x0d ? to - 1 : to);
        from = to + 1;
        if (line !== '') takeLine(line);
      }
    },
    put(out) {
      for (const timer of timers.values()) timer.tick();
      for (const distinct of sets.values()) distinct.tick();
      if (!store.put(out)) return;
      // Some have ended, and must not be written to any more.
      for (const [key, { series }] of sinks) if (series.hasEnded) sinks.delete(key);
      for (const series of timers.keys()) if (series.hasEnded) timers.delete(series);
      for (const series of sets.keys()) if (series.hasEnded) sets.delete(series);
    },
    get samples() {
      return samples;
    },
  };
}

function withSuffix(name: string, suffix: string): string {
  return name.endsWith(suffix) ? name : `${name}${suffix}`;
}
