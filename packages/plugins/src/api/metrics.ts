/** Every metric that the plugin puts out. */
import { histogramMetrics, type HistogramSpec } from '../calls/durations.ts';
import { lineDoorMetrics } from '../doors/line-door.ts';
import type { MetricSpec } from '../plugin.ts';

/** Bounds as OpenTelemetry's conventions advise for `http.server.request.duration`. */
export const requestDuration: HistogramSpec = {
  name: 'api_request_duration_seconds',
  bounds: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  help: 'How long requests took.',
};

export const apiMetrics = {
  api_requests_total: { kind: 'counter', unit: '', help: 'Requests that were answered, by status.' },
  api_errors_total: { kind: 'counter', unit: '', help: 'Requests that failed: a status from 500 on, or none.' },
  api_requests_per_minute: { kind: 'gauge', unit: '', help: 'Requests in the last minute.' },
  api_error_ratio: { kind: 'gauge', unit: 'ratio', help: 'Share of the requests of the last minute that failed.' },
  api_dropped_requests_total: { kind: 'counter', unit: '', help: 'Requests that were not counted, by reason.' },
} as const satisfies Record<string, MetricSpec>;

export const allMetrics: Readonly<Record<string, MetricSpec>> = {
  ...apiMetrics,
  ...histogramMetrics(requestDuration),
  ...lineDoorMetrics('api'),
};
