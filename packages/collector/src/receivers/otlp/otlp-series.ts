/** OTLP's metrics as series, each of the host that its resource names. */
import { seriesSignature, type Labels, type UnixMs } from '@tarsier/protocol';
import {
  createDeltaSums,
  otlpSamples,
  type DeltaSums,
  type OtlpMetric,
  type OtlpResource,
} from '@tarsier/protocol/otlp';
import type { ForeignSeries } from '../foreign-series.ts';
import type { TenantScope } from '../../tenant.ts';

export interface OtlpSeries {
  readonly series: readonly ForeignSeries[];
  readonly rejected: number;
  readonly reason: string;
}

export interface OtlpReader {
  read(scope: TenantScope, metrics: readonly OtlpMetric[]): OtlpSeries;
}

/** Series whose deltas are added up, per tenant. */
const maxDeltaSeries = 100_000;
const idleMs = 3_600_000;
const expireEveryMs = 60_000;

export function createOtlpReader({ now }: { readonly now: () => UnixMs }): OtlpReader {
  const sums = new Map<number, DeltaSums>();
  let expiredAt = now();

  function sumsOf({ tenantId }: TenantScope): DeltaSums {
    let own = sums.get(tenantId);
    if (own === undefined) sums.set(tenantId, (own = createDeltaSums({ maxSeries: maxDeltaSeries, idleMs, now })));
    return own;
  }

  function expire(): void {
    if (now() - expiredAt < expireEveryMs) return;
    expiredAt = now();
    for (const own of sums.values()) own.expire(now());
  }

  return {
    read(scope, metrics) {
      expire();
      const series: ForeignSeries[] = [];
      let rejected = 0;
      let reason = '';
      const reject = (count: number, why: string): void => {
        if (rejected === 0) reason = why;
        rejected += count;
      };
      const own = sumsOf(scope);
      for (const [resource, ofResource] of Map.groupBy(metrics, (metric) => metric.resource)) {
        const converted = otlpSamples(ofResource);
        if (converted.rejected > 0) reject(converted.rejected, converted.message);
        const host = hostLabel(resource);
        for (const { metric, labels: given, value: said, timeMs, delta } of converted.samples) {
          const labels = { ...given, ...host };
          // Without a time it is now, and a sum needs no order then.
          const time = timeMs === 0 ? now() : timeMs;
          const value = delta ? own.add({ name: metric.name, labels }, said, timeMs) : said;
          const key = seriesSignature({ name: metric.name, labels });
          if (value === undefined) {
            reject(1, `${key}: more than ${maxDeltaSeries} series of delta temporality; send cumulative sums`);
          } else series.push({ metric, labels, key, times: [time], values: Float64Array.of(value) });
        }
      }
      return { series, rejected, reason };
    },
  };
}

/** `host.name` is the host of all that the resource measures. */
function hostLabel({ attributes }: OtlpResource): Labels {
  const name = attributes.get('host.name');
  return typeof name === 'string' && name !== '' ? { host: name } : {};
}
