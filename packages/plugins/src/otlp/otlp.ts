import { createDeltaSums, otlpSamples, type OtlpMetric } from '@tarsier/protocol/otlp';
import { z } from 'zod';
import { listenSetting, nowhere } from '../doors/address.ts';
import { openOtlpDoor, type OtlpRefusals } from '../doors/otlp-door.ts';
import { createPushedSeries } from '../doors/pushed-series.ts';
import { idleSetting, maxSeriesSetting } from '../doors/settings.ts';
import { createTally } from '../doors/tally.ts';
import { definePlugin, type MetricSpec } from '../plugin.ts';

const metrics = {
  otlp_answers_total: { kind: 'counter', unit: '', help: 'Answers to requests, by path and status.' },
  otlp_samples_total: { kind: 'counter', unit: '', help: 'Samples that were taken.' },
  otlp_dropped_total: { kind: 'counter', unit: '', help: 'Points that were not taken, by reason.' },
  otlp_series: { kind: 'gauge', unit: '', help: 'Series that applications push now.' },
} as const satisfies Record<string, MetricSpec>;

const expireEveryMs = 60_000;

/** Takes what applications push as OTLP over HTTP. */
export const otlp = definePlugin({
  name: 'otlp',
  summary: 'Metrics that applications push with OpenTelemetry, as OTLP over HTTP.',
  dynamic: true,
  maxSeries: 5_000,
  config: z.object({
    listen: listenSetting('Where to take OTLP over HTTP, as 127.0.0.1:4318; nowhere when empty.'),
    maxSeries: maxSeriesSetting,
    idleSeconds: idleSetting,
  }),
  metrics,
  probe: ({ config }) => nowhere(config.listen),
  create({ config, host, warn }) {
    const now = (): number => host.now();
    const limits = { maxSeries: config.maxSeries, idleMs: config.idleSeconds * 1000, now };
    const store = createPushedSeries({ ...limits, warn, reserved: new Set(Object.keys(metrics)) });
    const sums = createDeltaSums(limits);
    const dropped = createTally('otlp_dropped_total', 'why', ['invalid', 'too many series']);
    let taken = 0;
    let expireAt = now() + expireEveryMs;

    function take(received: readonly OtlpMetric[]): OtlpRefusals {
      const { samples, rejected, message } = otlpSamples(received);
      dropped.add('invalid', rejected);
      /** Points of which some sample was not taken. */
      const refused = new Map<number, string>();
      for (const { metric, labels, value, delta, timeMs, point } of samples) {
        const series = store.of(metric, labels);
        if (typeof series === 'string') {
          if (!refused.has(point)) dropped.add(series);
          refused.set(point, series);
          continue;
        }
        const sum = delta ? sums.add({ name: metric.name, labels }, value, timeMs) : value;
        if (sum !== undefined) series.value = sum;
        taken++;
      }
      refused.delete(-1);
      const [first] = refused.values();
      return { rejected: rejected + refused.size, message: message || (first ?? '') };
    }

    const door = openOtlpDoor(host, config.listen);
    const unsubscribe = door.value.subscribe({ takesAllMetrics: true, metrics: take });
    return {
      async scrape(out) {
        await door.value.listening();
        store.put(out);
        door.value.putAnswers(out, 'otlp_answers_total');
        dropped.put(out);
        out.counter('otlp_samples_total', taken);
        out.gauge('otlp_series', store.size);
        if (now() < expireAt) return;
        expireAt = now() + expireEveryMs;
        sums.expire(now());
      },
      async close() {
        unsubscribe();
        await door.release();
      },
    };
  },
});
