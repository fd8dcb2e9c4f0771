/** The share of a host's series that are unusual, as series: told to rules, and stored. */
import { seriesSignature } from '@tarsier/protocol';
import type { Alerting } from './alert/alerting.ts';
import { ratesAsSamples } from './alert/rates-as-samples.ts';
import type { Detection } from './detect/detection.ts';
import type { HostRates } from './detect/events/anomaly-rates.ts';
import type { Live } from './live/live.ts';
import { noHost } from './no-host.ts';
import type { Receiver } from './receivers/receiver.ts';

/** Rates of hosts that nobody looks at and that are as usual are stored once in so many times. */
const rateTicks = 6;

/** @returns stores what is due, or all there is */
export function createRateStore({
  detection,
  alerting,
  live,
  receiver,
  maxAgeMs,
}: {
  readonly detection: Pick<Detection, 'takeRates'>;
  readonly alerting: Pick<Alerting, 'derived'>;
  readonly live: Pick<Live, 'watched'>;
  /** Of its own: rates must not be put into one batch with what has other times. */
  readonly receiver: Receiver;
  readonly maxAgeMs: number;
}): (all: boolean) => Promise<void> {
  let tick = 0;
  return async (all) => {
    const isDue = all || ++tick % rateTicks === 0;
    const rates = detection.takeRates((scope, host) => isDue || live.watched(scope, host));
    for (const one of rates.flatMap(ratesAsSamples)) alerting.derived(one);
    await saveRates(receiver, rates, maxAgeMs);
  };
}

/**
 * Rates are stored together, and under no host: a batch for each ten seconds would be as many as the agents' own, and
 * rows of few series among a host's make all of its series have gaps.
 */
async function saveRates(receiver: Receiver, rates: readonly HostRates[], maxAgeMs: number): Promise<void> {
  for (const [, ofTenant] of Map.groupBy(rates, ({ scope }) => scope.tenantId)) {
    const [first] = ofTenant;
    if (first === undefined) continue;
    const series = ofTenant.flatMap(({ host, series }) =>
      series.map(({ metric, labels, times, values }) => {
        const named = { ...labels, host };
        const key = seriesSignature({ name: metric.name, labels: named });
        return { metric, labels: named, key, times, values: Float64Array.from(values) };
      }),
    );
    await receiver.take(first.scope, series, { hosts: noHost, maxAgeMs });
  }
}
