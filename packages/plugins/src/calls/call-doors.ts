/** The doors of a plugin that counts calls: OTLP and JSON lines at one address, each call counted once. */
import type { OtlpMetric, OtlpSpan } from '@tarsier/protocol/otlp';
import { createLineDoor, type TakeLines } from '../doors/line-door.ts';
import { openOtlpDoor, type OtlpRefusals } from '../doors/otlp-door.ts';
import type { PushRefusal } from '../doors/pushed-series.ts';
import { createTally } from '../doors/tally.ts';
import type { Host } from '../host.ts';
import type { ScrapeOutput } from '../plugin.ts';
import { createIncreaseTracker, type IncreaseTracker } from './increase.ts';
import { createSourcePreference, type CallSource } from './source-preference.ts';

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
  readonly takeMetric: (metric: OtlpMetric, increases: IncreaseTracker) => readonly PushRefusal[];
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
  const { host, plugin, listen, maxLinesPerSecond, isSpan, takeSpan, metricTells, takeMetric } = options;
  const takesFrom = createSourcePreference(options.preferred);
  const increases = createIncreaseTracker({ maxSeries: maxIncreases, now: () => host.now() });
  const dropped = createTally(options.droppedMetric, 'why', ['too many series']);

  function counted(refused: PushRefusal | undefined): PushRefusal | undefined {
    if (refused !== undefined) dropped.add(refused);
    return refused;
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
        return takeMetric(metric, increases);
      });
      for (const refused of refusals) counted(refused);
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
