/** A data source for element tests: in the page, moved by the test, no network. */
import type { Alert, Anomaly, AnomalyEvent } from '@tarsier/protocol';
import type { HostSummary } from '@tarsier/protocol/api';
import { seriesSignature } from '@tarsier/protocol/labels';
import type { Connection, DataSource, HeldSeries, LiveQuery, Loadable, SubscriptionState } from '../data/source.ts';
import { createJobNews } from '../data/job-news.ts';
import { RequestError, type Api } from '../data/rest.ts';
import { createStore } from '../data/store.ts';

export function createFakeSource() {
  const connection = createStore<Connection>({ kind: 'live', since: Date.now() });
  const hosts = createStore<Loadable<readonly HostSummary[]>>({ kind: 'loading' });
  const alerts = createStore<Loadable<readonly Alert[]>>({ kind: 'loading' });
  const anomalies = createStore<readonly Anomaly[]>([]);
  const events = createStore<readonly AnomalyEvent[]>([]);
  const answers = new Map<string, unknown>([['/v1/incidents?', { incidents: [] }]]);
  const asked: string[] = [];
  const jobs = createJobNews((which) => void asked.push(`live ${JSON.stringify(which)}`));
  const watching = new Set<{ readonly query: LiveQuery; readonly changed: () => void }>();
  let state: SubscriptionState = { kind: 'loading' };
  let held: readonly HeldSeries[] = [];
  let retries = 0;

  /** The answer given for the longest beginning of the path. */
  async function answerTo(path: string): Promise<unknown> {
    const key = [...answers.keys()]
      .filter((prefix) => path.startsWith(prefix))
      .toSorted((a, b) => b.length - a.length)[0];
    if (key === undefined) {
      throw new RequestError(404, { code: 'http/not-found', message: `there is no ${path}`, retryable: false });
    }
    const answer = answers.get(key);
    const value: unknown = typeof answer === 'function' ? answer(path) : answer;
    if (value instanceof Error) throw value;
    return value;
  }

  const source: DataSource = {
    baseUrl: 'https://collector.test',
    connection,
    hosts,
    alerts,
    anomalies,
    events,
    api: {
      // Whatever a test gives as the answer of an operation.
      get: (async (path, _, heard) => {
        asked.push(path);
        heard?.(new Headers({ etag: '"read"' }));
        return answerTo(path);
      }) as Api['get'],
      send: (async (method, path, body, headers) => {
        const conditions = headers === undefined ? '' : ` ${JSON.stringify(headers)}`;
        asked.push(`${method} ${path} ${JSON.stringify(body)}${conditions}`);
        return answerTo(path);
      }) as Api['send'],
    },
    jobs,
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
    events,
    /** What the REST API answers, by the beginning of the path: a value, an error to throw, or a function of the path. */
    answers,
    /** Paths asked for so far; of changes also method and body. */
    asked,
    watching,
    /** What the live connection tells of jobs. */
    tell: jobs.hear,
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
