import type { PrometheusClient } from '@prometheus-io/codemirror-promql';
import { labelValues, stringsOf } from '../../data/metadata.ts';
import type { Api } from '../../data/rest.ts';

interface Matcher {
  readonly name: string;
  readonly value: string;
  matchesEmpty(): boolean;
}

/** What completion asks, answered by the collector; without an answer there are no suggestions. */
export function promqlClient(api: Api): PrometheusClient {
  const none =
    <T>(empty: T) =>
    (): T =>
      empty;
  const selectorOf = (metric: string, matchers: readonly Matcher[] = []): string => {
    const parts = matchers
      .filter((one) => !one.matchesEmpty())
      .map(({ name, value }) => `${name}=${JSON.stringify(value)}`);
    return metric === '' && parts.length === 0 ? '' : `${metric}{${parts.join(',')}}`;
  };
  return {
    async labelNames(metric = '') {
      const match = metric === '' ? '' : `?match[]=${encodeURIComponent(metric)}`;
      return [...stringsOf(await api.get(`/prometheus/api/v1/labels${match}`).catch(none(undefined)))];
    },
    async labelValues(label, metric = '', matchers = []) {
      return [...(await labelValues(api, label, selectorOf(metric, matchers)).catch(none([])))];
    },
    async metricMetadata() {
      // Prometheus's own shape, from the collector.
      const { data = {} } = (await api.get('/prometheus/api/v1/metadata').catch(none({}))) as {
        data?: Record<string, { type: string; help: string }[]>;
      };
      return data;
    },
    async metricNames() {
      return [...(await labelValues(api, '__name__').catch(none([])))];
    },
    // Only asked for by clients that keep a cache of their own.
    series: () => Promise.resolve([]),
    flags: () => Promise.resolve({}),
  };
}
