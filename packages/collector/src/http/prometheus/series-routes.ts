import { TarsierError } from '@tarsier/protocol';
import { Hono, type Context } from 'hono';
import { LabelSet, metricName } from '../../query/label-set.ts';
import { parseSelector } from '../../query/language/parse.ts';
import { QueryError } from '../../query/language/query-error.ts';
import { isName } from '../../query/language/text.ts';
import type { Query } from '../../query/query.ts';
import type { AppEnv } from '../app-env.ts';
import { json, success, truncationWarning } from './answer.ts';
import { invalid, Parameters } from './parameters.ts';

/** `series`, `labels`, `label/NAME/values` and `metadata`: what there is to ask for. */
export function seriesRoutes({ query }: { readonly query: Pick<Query, 'series'> }): Hono<AppEnv> {
  const both = ['GET', 'POST'];

  /** Every series that one of the selectors matches, or all; once each. */
  async function matching(c: Context<AppEnv>, parameters: Parameters): Promise<readonly LabelSet[]> {
    const selectors = parameters.all('match[]').map((text) => {
      try {
        return parseSelector(text);
      } catch (error) {
        if (error instanceof QueryError) throw invalid('match[]', error.message);
        throw error;
      }
    });
    const { tenant } = c.get('identity');
    const found = new Map<string, LabelSet>();
    for (const matchers of selectors.length === 0 ? [[]] : selectors) {
      for (const series of await query.series(tenant, matchers, c.req.raw.signal)) {
        const labels = LabelSet.ofSeries(series);
        found.set(labels.key, labels);
      }
    }
    return [...found.values()];
  }

  return new Hono<AppEnv>()
    .on(both, '/series', async (c) => {
      const parameters = await Parameters.of(c);
      if (parameters.all('match[]').length === 0) {
        throw new TarsierError('query/parameter', 'no match[] parameter provided', { field: 'match[]' });
      }
      checkTimes(parameters);
      const series = await matching(c, parameters);
      const sorted = series.toSorted((a, b) => a.compare(b)).map((labels) => labels.toObject());
      return list(c, sorted, parameters);
    })
    .on(both, '/labels', async (c) => {
      const parameters = await Parameters.of(c);
      checkTimes(parameters);
      const names = new Set(
        (await matching(c, parameters)).flatMap((labels) => [...labels.entries()].map(([name]) => name)),
      );
      return list(c, [...names].toSorted(), parameters);
    })
    .get('/label/:name/values', async (c) => {
      const parameters = await Parameters.of(c);
      const name = c.req.param('name');
      if (!isName(name)) {
        throw new TarsierError('query/parameter', `invalid label name: ${JSON.stringify(name)}`, { field: 'name' });
      }
      checkTimes(parameters);
      const values = new Set((await matching(c, parameters)).map((labels) => labels.get(name)));
      values.delete('');
      return list(c, [...values].toSorted(), parameters);
    })
    .get('/metadata', async (c) => {
      const parameters = await Parameters.of(c);
      const metric = parameters.text('metric');
      const limit = parameters.limit('limit');
      const matchers = metric === '' ? [] : [{ label: metricName, op: '=', value: metric } as const];
      const described = new Map<string, unknown>();
      for (const { name, kind, unit } of await query.series(c.get('identity').tenant, matchers, c.req.raw.signal)) {
        // Hosts describe a metric alike: the first is taken.
        if (!described.has(name) && described.size < limit) described.set(name, [{ type: kind, unit, help: '' }]);
      }
      return json(c, success(JSON.stringify(Object.fromEntries(described))));
    });
}

/** The catalogue knows no times: these are only looked at for mistakes. */
function checkTimes(parameters: Parameters): void {
  for (const name of ['start', 'end']) if (parameters.has(name)) parameters.time(name);
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
