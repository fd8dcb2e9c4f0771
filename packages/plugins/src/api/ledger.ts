/** Where requests are written down, whoever told of them. */
import type { Labels } from '@tarsier/protocol';
import { createBoundedLabel } from '../calls/bounded-label.ts';
import { histogramIncrements, type Durations } from '../calls/durations.ts';
import { addAll, type Increment } from '../calls/increments.ts';
import { createRecent } from '../calls/recent.ts';
import type { PushedSeriesStore, PushRefusal } from '../doors/pushed-series.ts';
import type { ScrapeOutput } from '../plugin.ts';
import { roundRatio } from '../samples/ratio.ts';
import { apiMetrics, requestDuration } from './metrics.ts';
import { toRoute } from './route.ts';

/** Requests of one kind: one, or as many as a metric told of. */
export interface ApiRequests {
  readonly service: string;
  readonly method: string;
  readonly route: string;
  /** Of HTTP; 0 when there was no answer. */
  readonly status: number;
  /** What went wrong, where the status does not tell; '' otherwise. */
  readonly error: string;
  readonly count: number;
  readonly durations: Durations | undefined;
}

export interface Ledger {
  /** @returns why not */
  requests(requests: ApiRequests): PushRefusal | undefined;
  /** Puts out the rates and ratios of the last minute. */
  put(out: ScrapeOutput): void;
}

const firstFailure = 500;
const maxStatuses = 60;
const maxMethods = 20;
const maxGroups = 2_000;

export function createLedger({
  store,
  limits: { maxServices, maxRoutes },
  now,
}: {
  readonly store: PushedSeriesStore;
  readonly limits: { readonly maxServices: number; readonly maxRoutes: number };
  readonly now: () => number;
}): Ledger {
  const bounded = {
    service: createBoundedLabel(maxServices),
    method: createBoundedLabel(maxMethods),
    route: createBoundedLabel(maxRoutes),
    status: createBoundedLabel(maxStatuses),
  };
  const recent = createRecent(['requests', 'errors'], { maxGroups, now });
  return {
    requests({ service, method, route, status, error, count, durations }) {
      const labels = {
        service: bounded.service(service),
        method: bounded.method(method.toUpperCase()),
        route: bounded.route(toRoute(route)),
      };
      const isFailed = status >= firstFailure || status === 0 || error !== '';
      const errors = isFailed ? count : 0;
      const refused = addAll(store, [
        increment('api_requests_total', { ...labels, status: bounded.status(String(status)) }, count),
        // There from the first request on, so that the first error is an increase.
        increment('api_errors_total', labels, errors),
        ...(durations === undefined ? [] : histogramIncrements(requestDuration, labels, durations)),
      ]);
      if (refused !== undefined) return refused;
      recent.add(labels, { requests: count, errors });
      return undefined;
    },
    put(out) {
      for (const [labels, { requests, errors }] of recent.sums()) {
        out.gauge('api_requests_per_minute', requests, labels);
        out.gauge('api_error_ratio', roundRatio(errors / requests), labels);
      }
    },
  };
}

function increment(name: keyof typeof apiMetrics, labels: Labels, by: number): Increment {
  return { metric: { name, ...apiMetrics[name] }, labels, by };
}
