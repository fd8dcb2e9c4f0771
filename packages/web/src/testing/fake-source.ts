/** A data source for element tests: in the page, moved by the test, no network. */
import type { Alert, Anomaly } from '@tarsier/protocol';
import type { HostSummary } from '@tarsier/protocol/api';
import { seriesSignature } from '@tarsier/protocol/labels';
import type { Connection, DataSource, HeldSeries, LiveQuery, Loadable, SubscriptionState } from '../data/source.ts';
import { createStore } from '../data/store.ts';

export function createFakeSource() {
  const connection = createStore<Connection>({ kind: 'live', since: Date.now() });
  const hosts = createStore<Loadable<readonly HostSummary[]>>({ kind: 'loading' });
  const alerts = createStore<Loadable<readonly Alert[]>>({ kind: 'loading' });
  const anomalies = createStore<readonly Anomaly[]>([]);
  const watching = new Set<{ readonly query: LiveQuery; readonly changed: () => void }>();
  let state: SubscriptionState = { kind: 'loading' };
  let held: readonly HeldSeries[] = [];
  let retries = 0;

  const source: DataSource = {
    connection,
    hosts,
    alerts,
    anomalies,
    now: () => Date.now(),
    retry: () => void retries++,
    watch(query, changed) {
      const one = { query, changed };
      watching.add(one);
      return {
        get state() {
          return state;
        },
        get series() {
          return held;
        },
        close: () => void watching.delete(one),
      };
    },
  };
  return {
    source,
    connection,
    hosts,
    alerts,
    anomalies,
    watching,
    retries: () => retries,
    /** Gives every subscription these series. */
    hold(series: readonly HeldSeries[], next: SubscriptionState = { kind: 'ready' }) {
      held = series;
      state = next;
      for (const { changed } of watching) changed();
    },
  };
}

/** A series of one sample a second up to `newest`. */
export function heldSeries(
  name: string,
  labels: Record<string, string>,
  values: readonly number[],
  newest: number = Date.now(),
  unit = 'ratio',
): HeldSeries {
  return {
    name,
    labels,
    kind: 'gauge',
    unit,
    signature: seriesSignature({ name, labels }),
    column: {
      times: Float64Array.from(values, (_, i) => newest - (values.length - 1 - i) * 1000),
      values: Float64Array.from(values),
    },
  };
}
