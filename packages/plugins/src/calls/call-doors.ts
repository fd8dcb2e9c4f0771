/** The doors of a plugin that counts calls: OTLP and JSON lines at one address, each call counted once. */
import type { Attributes, OtlpMetric, OtlpResource, OtlpSpan } from '@tarsier/protocol/otlp';
import { createLineDoor, type TakeLines } from '../doors/line-door.ts';
import { openOtlpDoor, type OtlpRefusals } from '../doors/otlp-door.ts';
import type { PushRefusal } from '../doors/pushed-series.ts';
import { createTally } from '../doors/tally.ts';
import type { Host } from '../host/host.ts';
import type { ScrapeOutput } from '../plugin.ts';
import { createIncreaseTracker, type Increase } from './increase.ts';
import { createSourcePreference, type CallSource } from './source-preference.ts';

/** What a point of a histogram tells beyond the one before. */
export interface ToldIncrease extends Increase {
  /** Name of the metric. */
  readonly name: string;
  readonly attributes: Attributes;
  readonly resource: OtlpResource;
  readonly bounds: readonly number[];
}

export interface CallDoorsOptions {
  readonly host: Host;
  /** Begins the names of the metrics of the doors. */
  readonly plugin: string;
  /** As a setting has it. */
  readonly listen: string;
  readonly maxLinesPerSecond: number;
  /** Counts calls that were refused, by `why`. */
  readonly droppedMetric: string;
  /** What counts of an application that tells its calls both ways. */
  readonly preferred: CallSource;
  /** Whether a span is one to count. */
  readonly isSpan: (span: OtlpSpan) => boolean;
  readonly takeSpan: (span: OtlpSpan) => PushRefusal | undefined;
  /** Of a metric to count: whether it tells the same calls as spans do, or something else; undefined for others. */
  readonly metricTells: (metric: OtlpMetric) => 'calls' | 'more' | undefined;
  readonly takeIncrease: (increase: ToldIncrease) => PushRefusal | undefined;
  /** What takes JSON lines, by path. @param counted  counts a refusal, and returns it */
  readonly routes: (
    counted: (refused: PushRefusal | undefined) => PushRefusal | undefined,
  ) => Record<string, TakeLines>;
}

export interface CallDoors {
  listening(): Promise<void>;
  /** Their own metrics. */
  put(out: ScrapeOutput): void;
  close(): Promise<void>;
}

/** Series of OpenTelemetry's metrics whose last point is remembered. */
const maxIncreases = 5_000;

export function openCallDoors(options: CallDoorsOptions): CallDoors {
  const { host, plugin, listen, maxLinesPerSecond, isSpan, takeSpan, metricTells, takeIncrease } = options;
  const takesFrom = createSourcePreference(options.preferred);
  const increases = createIncreaseTracker({ maxSeries: maxIncreases, now: () => host.now() });
  const dropped = createTally(options.droppedMetric, 'why', ['too many series']);

  function counted(refused: PushRefusal | undefined): PushRefusal | undefined {
    if (refused !== undefined) dropped.add(refused);
    return refused;
  }

  /** @returns why points were refused, each */
  function takeMetric({ name, data, resource }: OtlpMetric): PushRefusal[] {
    // Of other kinds nothing is known to count; the conventions say histogram.
    if (data.kind !== 'histogram') return [];
    return data.points.flatMap((point) => {
      const { attributes, explicitBounds: bounds } = point;
      const key = [name, ...resource.attributes, ...attributes].join('\0');
      const increase = increases.of(key, data.temporality, point);
      if (increase === undefined || increase.count === 0) return [];
      return counted(takeIncrease({ name, attributes, resource, bounds, ...increase })) ?? [];
    });
  }

  const otlp = openOtlpDoor(host, listen);
  const unsubscribe = otlp.value.subscribe({
    spans(spans) {
      for (const span of spans) if (isSpan(span) && takesFrom(span.resource, 'spans')) counted(takeSpan(span));
    },
    metrics(metrics): OtlpRefusals {
      const refusals = metrics.flatMap((metric) => {
        const tells = metricTells(metric);
        if (tells === undefined || (tells === 'calls' && !takesFrom(metric.resource, 'metrics'))) return [];
        return takeMetric(metric);
      });
      return { rejected: refusals.length, message: refusals[0] ?? '' };
    },
  });
  const lines = createLineDoor({ host, plugin, listen, maxLinesPerSecond, routes: options.routes(counted) });

  return {
    listening: () => lines.listening(),
    put(out) {
      lines.put(out);
      dropped.put(out);
    },
    async close() {
      unsubscribe();
      await lines.close();
      await otlp.release();
    },
  };
}
