/** What `forecast.train` and `forecast.run` answer. */
import { z } from 'zod';
import { many, unixMs } from '../operation.ts';
import { methodText, resultWindow } from './common.ts';

const backtestRow = z.object({
  name: z.string(),
  mase: z.number().describe('Mean absolute error in those of the naive forecast in training.'),
  pinball: z.number().describe('Mean loss over all quantiles, in the same unit.'),
  coverage: z.number().describe('Share of values within the 80 % interval.'),
});

/** The result of `forecast.train`. */
export const forecastTrainingSchema = z
  .object({
    kind: z.literal('forecast.train'),
    version: z.literal(1),
    ...methodText.shape,
    model: z.string(),
    modelVersion: z.int(),
    promoted: z.boolean(),
    verdict: z.string(),
    series: z.int(),
    skipped: many(z.string()),
    seasons: many(z.number()).describe('Lengths, ms.'),
    window: resultWindow,
    backtest: z
      .object({ origins: z.int(), rows: many(backtestRow).describe('The network first; then plain forecasts.') })
      .describe('On the newest quarter, which nothing was learnt from.'),
    seed: z.int(),
  })
  .meta({ id: 'ForecastTraining' });
export type ForecastTraining = z.infer<typeof forecastTrainingSchema>;

const crossing = z
  .object({
    limit: z.number(),
    direction: z.enum(['above', 'below']),
    at: unixMs.optional().describe('By the median; absent where it is not reached.'),
    earliest: unixMs.optional(),
    latest: unixMs.optional(),
  })
  .describe('When a limit is reached, and between when and when with 80 % confidence.');

/** The result of `forecast.run`. */
export const forecastRunSchema = z
  .object({
    kind: z.literal('forecast.run'),
    version: z.literal(1),
    model: z.string(),
    modelVersion: z.int(),
    metrics: z.record(z.string(), z.number()).describe('How good the model is on time that it was not trained with.'),
    series: many(
      z.object({
        metric: z.record(z.string(), z.string()),
        times: many(unixMs),
        quantiles: z.record(z.string(), many(z.number())).describe('A value for each time, by level: `0.5`.'),
        crossing: crossing.exactOptional(),
      }),
    ),
    skipped: many(z.string()),
  })
  .meta({ id: 'ForecastRun' });
export type ForecastRun = z.infer<typeof forecastRunSchema>;
