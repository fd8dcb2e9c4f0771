import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { Hono, type Context } from 'hono';
import type { Engine, QueryOptions } from '../../query/engine.ts';
import { parseQuery } from '../../query/language/parse.ts';
import { layOutQuery } from '../../query/language/print.ts';
import { QueryError } from '../../query/language/query-error.ts';
import type { AppEnv } from '../app-env.ts';
import { clientGone } from '../client-gone.ts';
import { json, queryAnswer, success, type AnswerShape } from './answer.ts';
import { invalid, Parameters } from './parameters.ts';
import { toTree } from './tree.ts';

/** As in Prometheus, so that its clients take smaller steps by themselves. */
const maxPoints = 11_000;

/** `query`, `query_range`, `format_query`, `parse_query` and `query_exemplars`, by GET and by POST. */
export function promqlRoutes({ engine, now }: { readonly engine: Engine; readonly now: () => UnixMs }): Hono<AppEnv> {
  const both = ['GET', 'POST'];
  return new Hono<AppEnv>()
    .on(both, '/query', async (c) => {
      const parameters = await Parameters.of(c);
      const time = parameters.timeOr('time', now());
      const shape = answerShape(parameters);
      const result = await naming('query', () =>
        engine.instant(c.get('identity').tenant, { ...options(c, parameters), time }),
      );
      return json(c, await queryAnswer(result, shape));
    })
    .on(both, '/query_range', async (c) => {
      const parameters = await Parameters.of(c);
      const [start, end] = [parameters.time('start'), parameters.time('end')];
      if (end < start) throw invalid('end', 'end timestamp must not be before start time');
      const stepMs = parameters.duration('step');
      if (stepMs <= 0) {
        throw invalid('step', 'zero or negative query resolution step widths are not accepted. Try a positive integer');
      }
      if ((end - start) / stepMs > maxPoints) {
        throw new TarsierError(
          'query/too-many-points',
          'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
          { field: 'step' },
        );
      }
      const shape = answerShape(parameters);
      const result = await naming('query', () =>
        engine.range(c.get('identity').tenant, { ...options(c, parameters), start, end, stepMs }),
      );
      return json(c, await queryAnswer(result, shape));
    })
    .on(both, '/format_query', async (c) => {
      const query = (await Parameters.of(c)).text('query');
      const expr = await naming('query', () => parseQuery(query));
      return json(c, success(JSON.stringify(layOutQuery(expr))));
    })
    .on(both, '/parse_query', async (c) => {
      const query = (await Parameters.of(c)).text('query');
      const expr = await naming('query', () => parseQuery(query));
      return json(c, success(JSON.stringify(toTree(expr))));
    })
    .on(both, '/query_exemplars', async (c) => {
      // There are none, but a query that is none is told.
      const query = (await Parameters.of(c)).text('query');
      await naming('query', () => parseQuery(query));
      return json(c, success('[]'));
    });
}

function options(c: Context<AppEnv>, parameters: Parameters): QueryOptions {
  const timeoutMs = parameters.has('timeout') ? parameters.duration('timeout') : undefined;
  if (timeoutMs !== undefined && timeoutMs < 0) throw invalid('timeout', 'expected a duration of 0 or more');
  const lookBackMs = parameters.has('lookback_delta') ? parameters.duration('lookback_delta') : 0;
  return {
    query: parameters.text('query'),
    signal: clientGone(c),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    // 0 or less is the usual one, as in Prometheus.
    ...(lookBackMs > 0 ? { lookBackMs } : {}),
  };
}

function answerShape(parameters: Parameters): AnswerShape {
  return { limit: parameters.limit('limit'), stats: parameters.text('stats') };
}

/** A query that can't be parsed is a bad parameter. */
async function naming<T>(name: string, evaluate: () => T | Promise<T>): Promise<T> {
  try {
    return await evaluate();
  } catch (error) {
    if (error instanceof QueryError && error.code === 'query/parse') throw invalid(name, error.message);
    throw error;
  }
}
