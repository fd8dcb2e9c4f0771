import { z } from 'zod';
import { durationOf } from '../calls/durations.ts';
import { takeObjects } from '../calls/json-objects.ts';
import { openCallDoors } from '../calls/call-doors.ts';
import { callIdleSetting, callSeriesSetting, toldApartSetting } from '../calls/settings.ts';
import { listenSetting, nowhere } from '../doors/address.ts';
import { createPushedSeries } from '../doors/pushed-series.ts';
import { floodSetting } from '../doors/settings.ts';
import { definePlugin } from '../plugin.ts';
import { isServerMetric, isServerSpan, takeIncrease, takeSpan } from './http-semantics.ts';
import { createLedger } from './ledger.ts';
import { allMetrics, requestDuration } from './metrics.ts';

const name = z.string().max(1_000);

const requestLine = z.strictObject({
  service: name.default(''),
  method: name.default(''),
  route: name.min(1),
  status: z.int().min(0).max(999),
  duration_seconds: z.number().min(0).max(1e6).optional(),
  error: name.default(''),
});

/** Requests to the APIs of applications on this host: how many, how long, how many failed. */
export const api = definePlugin({
  name: 'api',
  summary: 'Requests to the APIs of applications: how many, how long, how many failed.',
  maxSeries: 5_000,
  config: z.object({
    listen: listenSetting('Where to take OTLP and JSON lines over HTTP, as 127.0.0.1:4318; nowhere when empty.'),
    maxServices: toldApartSetting(50, 'Services'),
    maxRoutes: toldApartSetting(100, 'Routes'),
    maxSeries: callSeriesSetting,
    maxLinesPerSecond: floodSetting,
    idleSeconds: callIdleSetting,
  }),
  metrics: allMetrics,
  probe: ({ config }) => nowhere(config.listen),
  create({ config, host, warn }) {
    const now = (): number => host.now();
    const idleMs = config.idleSeconds * 1000;
    const store = createPushedSeries({ maxSeries: config.maxSeries, idleMs, now, warn, countsFromZero: true });
    const ledger = createLedger({ store, limits: config, now });
    const doors = openCallDoors({
      host,
      plugin: 'api',
      listen: config.listen,
      maxLinesPerSecond: config.maxLinesPerSecond,
      droppedMetric: 'api_dropped_requests_total',
      // Spans are often sampled: metrics count every request.
      preferred: 'metrics',
      isSpan: isServerSpan,
      takeSpan: (span) => takeSpan(ledger, span),
      metricTells: (metric) => (isServerMetric(metric) ? 'calls' : undefined),
      takeIncrease: (told) => takeIncrease(ledger, told),
      routes: (counted) => ({
        '/v1/api': (text) =>
          takeObjects(text, requestLine, ({ duration_seconds: seconds, ...request }) =>
            counted(
              ledger.requests({
                ...request,
                count: 1,
                durations: seconds === undefined ? undefined : durationOf(seconds, requestDuration),
              }),
            ),
          ),
      }),
    });
    return {
      async scrape(out) {
        await doors.listening();
        store.put(out);
        ledger.put(out);
        doors.put(out);
      },
      close: () => doors.close(),
    };
  },
});
