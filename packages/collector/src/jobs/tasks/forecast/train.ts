import { setImmediate as nextTurn } from 'node:timers/promises';
import { TarsierError } from '@tarsier/protocol';
import { modelName, type ForecastTraining } from '@tarsier/protocol/api';
import { z } from 'zod';
import { backtest, networkName } from '../../../learn/forecasting/backtest.ts';
import type { ExampleShape } from '../../../learn/forecasting/examples.ts';
import { TooFewValuesError, trainForecaster, type Epoch } from '../../../learn/forecasting/forecasting-network.ts';
import { commonSeasons } from '../../../learn/forecasting/seasons.ts';
import { defineJobType, type JobContext } from '../../job-type.ts';
import { forecasterCode, forecasterKind, weightsToBytes, type ForecasterParameters } from './model-data.ts';
import { readGroup } from './read-group.ts';

const dayMs = 86_400_000;
const mostEpochs = 60;
/** Newest values that the network looks at, besides those of seasons ago. */
const mostLookback = 48;
/** CPU that an epoch takes, ms, measured with the examples that it has at most; and epochs of a usual training. */
const usual = { epochMs: 350, epochs: 25 } as const;

export const forecastTrain = defineJobType({
  name: 'forecast.train',
  summary: 'Trains a neural network on series, and says whether it foretells them better than plain forecasts.',
  payload: z.strictObject({
    model: modelName.describe('Name of the model: each training is a version of it.'),
    query: z.string().min(1).max(10_000).describe('Series that are learnt together: a selector, or any expression.'),
    stepMs: z.int().min(60_000).max(dayMs).default(900_000),
    horizon: z.int().min(1).max(96).default(24).describe('Steps that it foretells.'),
    historyMs: z
      .int()
      .min(3_600_000)
      .max(400 * dayMs)
      .default(28 * dayMs),
    seed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .default(1),
    promote: z
      .enum(['if-better', 'always', 'never'])
      .default('if-better')
      .describe('When it becomes the version that is used; if-better: than the best plain forecast.'),
  }),
  runs: 'thread',
  limits: { timeoutMs: 1_800_000 },
  // Trained twice: once without the newest quarter, to be measured on it, and once with all.
  estimateMs: () => 2 * usual.epochs * usual.epochMs,
  async run({ model: name, query, stepMs, horizon, historyMs, seed, promote }, context): Promise<ForecastTraining> {
    const { now, storage, scope, jobId, log } = context;
    const to = Math.floor(now / stepMs) * stepMs;
    const from = to - historyMs;
    const { series, skipped } = await readGroup(context, { query, start: from, end: to, stepMs });
    const lengths = series.map(({ values }) => values.length);
    log('info', 'read', { series: series.length, values: lengths.reduce((sum, length) => sum + length, 0) });
    const shape: ExampleShape = {
      stepMs,
      horizon,
      lookback: Math.min(mostLookback, 2 * horizon),
      seasons: commonSeasons(
        // What is foretold for the test must not say which seasons there are.
        series.map(({ values }) => values.subarray(0, Math.floor(values.length * 0.75))),
        stepMs,
      ),
    };
    const tested = await followed(backtest(series, shape, seed), 'back-test', 0, context);
    const model = await followed(trainForecaster(series, shape, seed), 'training', 0.5, context);
    const network = tested.rows.find((row) => row.name === networkName);
    const best = tested.rows.find((row) => row.name === tested.bestBaseline);
    if (network === undefined || best === undefined) {
      throw new TarsierError('jobs/too-few-values', 'series: expected some that change in the time that is foretold');
    }
    const parameters: ForecasterParameters = {
      query,
      stepMs,
      lookback: shape.lookback,
      horizon,
      seasons: [...shape.seasons],
      calibration: [...model.calibration],
    };
    const metrics = {
      mase: network.mase,
      pinball: network.pinball,
      coverage: network.coverage,
      baselineMase: best.mase,
      baselinePinball: best.pinball,
    };
    const saved = await storage.models.save(scope, {
      name,
      kind: forecasterKind,
      parameters,
      metrics,
      seed,
      window: { from, to },
      code: forecasterCode,
      jobId,
      data: weightsToBytes(model),
    });
    const isUsed = promote === 'always' || (promote === 'if-better' && tested.isBetter);
    if (isUsed) await storage.models.promote(scope, name, saved.version);
    return {
      kind: 'forecast.train',
      version: 1,
      method:
        'A residual network with quantile outputs, tried with rolling origin on the newest quarter beside seasonal-naive, Holt-Winters and drift; docs/ml/forecaster.md.',
      sources: [
        'He et al. 2016, arXiv:1512.03385',
        'Romano et al. 2019, arXiv:1905.03222',
        'Tashman 2000, doi:10.1016/S0169-2070(00)00065-0',
      ],
      model: name,
      modelVersion: saved.version,
      promoted: isUsed,
      verdict: tested.isBetter
        ? `better than ${tested.bestBaseline}, the best plain forecast`
        : `not better than ${tested.bestBaseline}, which should be used instead`,
      series: series.length,
      skipped,
      seasons: shape.seasons.map((steps) => steps * stepMs),
      window: { from, to },
      backtest: { origins: tested.origins, rows: tested.rows },
      seed,
    };
  },
});

/** Runs a training to its end, telling of each epoch. */
async function followed<T>(
  training: Generator<Epoch, T>,
  phase: 'back-test' | 'training',
  done: number,
  { progress, signal }: JobContext,
): Promise<T> {
  try {
    for (;;) {
      const next = training.next();
      if (next.done === true) return next.value;
      const { epoch, trainingLoss, validationLoss, skill } = next.value;
      progress({
        ratio: done + (0.5 * epoch) / mostEpochs,
        message: phase,
        metrics: { test: phase === 'back-test' ? 1 : 0, epoch, trainingLoss, validationLoss, skill },
      });
      // Whoever wants it to end is heard between two epochs.
      await nextTurn();
      signal.throwIfAborted();
    }
  } catch (error) {
    if (error instanceof TooFewValuesError) {
      throw new TarsierError('jobs/too-few-values', error.message, { cause: error });
    }
    throw error;
  }
}
