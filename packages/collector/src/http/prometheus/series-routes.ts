import { TarsierError } from '@tarsier/protocol';
import { Hono, type Context } from 'hono';
import type { Matcher } from '../../query/language/ast.ts';
import { LabelSet, metricName } from '../../query/label-set.ts';
import { parseSelector } from '../../query/language/parse.ts';
import { QueryError } from '../../query/language/query-error.ts';
import { isName } from '../../query/language/text.ts';
import type { Query, TimeRange } from '../../query/query.ts';
import type { Storage } from '../../storage/storage.ts';
import type { AppEnv } from '../app-env.ts';
import { json, success, truncationWarning } from './answer.ts';
import { invalid, Parameters } from './parameters.ts';

/** How many entries each list of `status/tsdb` has, as in Prometheus. */
const defaultTop = 10;
const mostLabels = 1_000;
/** Series listed at once; Grafana asks for up to 40,000. */
const mostSeries = 100_000;

/** `series`, `labels`, `label/NAME/values`, `metadata` and `status/tsdb`: what there is to ask for. */
export function seriesRoutes({
  query,
  storage,
}: {
  readonly query: Pick<Query, 'series' | 'labelNames' | 'labelValues'>;
  readonly storage: Pick<Storage, 'series'>;
}): Hono<AppEnv> {
  const both = ['GET', 'POST'];

  return new Hono<AppEnv>()
    .on(both, '/series', async (c) => {
      const parameters = await Parameters.of(c);
      if (parameters.all('match[]').length === 0) {
        throw new TarsierError('query/parameter', 'no match[] parameter provided', { field: 'match[]' });
      }
      const within = timesOf(parameters);
      const { tenant } = c.get('identity');
      const limit = parameters.limit('limit');
      // One more than is wanted, to know that there are more.
      const most = limit <= mostSeries ? limit + 1 : undefined;
      const found = new Map<string, LabelSet>();
      for (const matchers of selectorsOf(parameters)) {
        for (const series of await query.series(tenant, matchers, most, within)) {
          const labels = LabelSet.ofSeries(series);
          found.set(labels.key, labels);
        }
      }
      const sorted = [...found.values()].toSorted((a, b) => a.compare(b)).map((labels) => labels.toObject());
      return list(c, sorted, parameters);
    })
    .on(both, '/labels', async (c) => {
      const parameters = await Parameters.of(c);
      const { tenant } = c.get('identity');
      const names = await query.labelNames(tenant, selectorsOf(parameters), timesOf(parameters));
      return list(c, names, parameters);
    })
    .get('/label/:name/values', async (c) => {
      const parameters = await Parameters.of(c);
      const name = c.req.param('name');
      if (!isName(name)) {
        throw new TarsierError('query/parameter', `invalid label name: ${JSON.stringify(name)}`, { field: 'name' });
      }
      const { tenant } = c.get('identity');
      const values = await query.labelValues(tenant, name, selectorsOf(parameters), timesOf(parameters));
      return list(c, values, parameters);
    })
    .get('/metadata', async (c) => {
      const parameters = await Parameters.of(c);
      const metric = parameters.text('metric');
      const limit = parameters.limit('limit');
      const { tenant } = c.get('identity');
      const help = await storage.series.help(tenant);
      // Hosts describe a metric alike: one of them is taken.
      const described = (await storage.series.metrics(tenant))
        .filter(({ name }) => metric === '' || name === metric)
        .slice(0, limit)
        .map(({ name, kind, unit }): [string, unknown] => [name, [{ type: kind, unit, help: help.get(name) ?? '' }]]);
      return json(c, success(JSON.stringify(Object.fromEntries(described))));
    })
    .get('/status/tsdb', async (c) => {
      const parameters = await Parameters.of(c);
      const limit = parameters.has('limit') ? parameters.limit('limit') : defaultTop;
      // More of them, for they are wanted in two orders.
      const { series, metrics, labels, pairs, values } = await storage.series.cardinality(
        c.get('identity').tenant,
        Math.max(limit, mostLabels),
      );
      const top = (entries: readonly { readonly name: string; readonly value: number }[]) =>
        entries.toSorted((a, b) => b.value - a.value).slice(0, limit);
      return c.json({
        status: 'success',
        data: {
          headStats: { numSeries: series, numLabelPairs: values },
          seriesCountByMetricName: top(metrics.map(({ name, series: value }) => ({ name, value }))),
          labelValueCountByLabelName: top(labels.map(({ name, values: value }) => ({ name, value }))),
          memoryInBytesByLabelName: top(labels.map(({ name, bytes: value }) => ({ name, value }))),
          seriesCountByLabelValuePair: top(
            [...metrics.map((metric) => ({ ...metric, name: metricName, value: metric.name })), ...pairs].map(
              ({ name, value, series: count }) => ({ name: `${name}=${value}`, value: count }),
            ),
          ),
        },
      });
    });
}

function selectorsOf(parameters: Parameters): readonly (readonly Matcher[])[] {
  return parameters.all('match[]').map((text) => {
    try {
      return parseSelector(text);
    } catch (error) {
      if (error instanceof QueryError) throw invalid('match[]', error.message);
      throw error;
    }
  });
}

/** Undefined: at any time. */
function timesOf(parameters: Parameters): TimeRange | undefined {
  if (!parameters.has('start') && !parameters.has('end')) return undefined;
  const within = { from: parameters.timeOr('start', -Infinity), to: parameters.timeOr('end', Infinity) };
  if (within.from <= within.to) return within;
  throw invalid('end', 'end timestamp must not be before start time');
}

function list(
  c: Context<AppEnv>,
  items: readonly (string | Record<string, string>)[],
  parameters: Parameters,
): Response {
  const limit = parameters.limit('limit');
  const warnings = items.length > limit ? [truncationWarning] : [];
  return json(c, success(JSON.stringify(items.slice(0, limit)), { warnings }));
}
