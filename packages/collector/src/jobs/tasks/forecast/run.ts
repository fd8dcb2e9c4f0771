import { TarsierError } from '@tarsier/protocol';
import { modelName, type ForecastRun } from '@tarsier/protocol/api';
import { z } from 'zod';
import { historyOf } from '../../../learn/forecasting/examples.ts';
import { createForecaster } from '../../../learn/forecasting/forecasting-network.ts';
import { highAt, lowAt, medianAt, quantileLevels } from '../../../learn/forecasting/accuracy.ts';
import { defineJobType } from '../../job-type.ts';
import { crossingOf } from './crossing.ts';
import { forecasterKind, forecasterParameters, toForecastModel } from './model-data.ts';
import { readGroup } from './read-group.ts';

/** Steps of the past that are read beyond what the network looks at: some may be missing. */
const spareSteps = 16;

export const forecastRun = defineJobType({
  name: 'forecast.run',
  summary: 'Foretells series with a trained network: quantiles, and when they reach a limit.',
  payload: z.strictObject({
    model: modelName,
    version: z
      .int()
      .min(1)
      .max(2 ** 31 - 1)
      .optional()
      .describe('The one that is used, unless given.'),
    query: z
      .string()
      .min(1)
      .max(10_000)
      .optional()
      .describe('Series to foretell; those it was trained with, unless given.'),
    limit: z.number().optional(),
    direction: z.enum(['above', 'below']).default('above'),
  }),
  runs: 'thread',
  estimateMs: () => 200,
  async run({ model: name, version, query, limit, direction }, context): Promise<ForecastRun> {
    const { storage, scope, now } = context;
    const found = await storage.models.load(scope, name, version);
    if (found === undefined || found.model.kind !== forecasterKind) {
      const which = version === undefined ? 'version that is used' : `version ${version}`;
      throw new TarsierError('jobs/model', `model: there is no ${which} of a forecaster ${name}`);
    }
    const parameters = forecasterParameters.parse(found.model.parameters);
    const { stepMs, horizon } = parameters;
    const model = toForecastModel(parameters, found.data);
    const history = historyOf(model.shape);
    const end = Math.floor(now / stepMs) * stepMs;
    const start = end - (history + spareSteps) * stepMs;
    const read = await readGroup(context, { query: query ?? parameters.query, start, end, stepMs });
    const forecast = createForecaster(model);
    const skipped = [...read.skipped];
    const series = read.series.flatMap((one) => {
      if (one.values.length < history) {
        skipped.push(`${JSON.stringify(one.metric)}: it has ${one.values.length} steps, of at least ${history}`);
        return [];
      }
      const quantiles = forecast(one, one.values.length - 1).map((column) => Array.from(column));
      const times = Array.from({ length: horizon }, (_, step) => one.newestAt + (step + 1) * stepMs);
      const [low = [], median = [], high = []] = [lowAt, medianAt, highAt].map((at) => quantiles[at] ?? []);
      return [
        {
          metric: one.metric,
          times,
          quantiles: Object.fromEntries(quantileLevels.map((level, at) => [String(level), quantiles[at] ?? []])),
          ...(limit === undefined
            ? {}
            : { crossing: { limit, direction, ...crossingOf({ low, median, high }, times, limit, direction) } }),
        },
      ];
    });
    return {
      kind: 'forecast.run',
      version: 1,
      model: name,
      modelVersion: found.model.version,
      metrics: found.model.metrics,
      series,
      skipped,
    };
  },
});
