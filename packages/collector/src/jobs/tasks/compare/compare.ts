import { setImmediate as nextTurn } from 'node:timers/promises';
import { TarsierError } from '@tarsier/protocol';
import type { ComparedModel, ModelComparison } from '@tarsier/protocol/api';
import { z } from 'zod';
import { dayMs, hourMs } from '../../../storage/hours.ts';
import { formatNumber } from '../../../stats/format.ts';
import { defineJobType } from '../../job-type.ts';
import { threadCpuMs } from '../../threads/thread-cpu.ts';
import { readGroup } from '../forecast/read-group.ts';
import { compareDetectors } from './compare-detectors.ts';
import { compareForecasters } from './compare-forecasters.ts';

const mostSeries = 20;
const least = 300;

export const modelsCompare = defineJobType({
  name: 'models.compare',
  summary: 'Tries all detectors and forecasters on series of yours: how good each is, and what it costs.',
  payload: z.strictObject({
    query: z.string().min(1).max(10_000).describe('Series to try them on: a selector, or any expression.'),
    stepMs: z.int().min(10_000).max(hourMs).default(60_000),
    historyMs: z
      .int()
      .min(hourMs)
      .max(60 * dayMs)
      .default(3 * dayMs),
    horizon: z.int().min(1).max(96).default(12).describe('Steps that are foretold.'),
    falseAlarmsPerDay: z
      .number()
      .min(0.01)
      .max(100)
      .default(1)
      .describe('How many each detector may have of a series, on the time that it learns from.'),
    families: z
      .array(z.enum(['detector', 'forecaster']))
      .min(1)
      .max(2)
      .default(['detector', 'forecaster']),
    seed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .default(1),
  }),
  runs: 'thread',
  limits: { timeoutMs: 3_600_000 },
  // Most of it is the ensemble, twice, and a network that is trained.
  estimateMs: ({ historyMs, stepMs }) => Math.round(10_000 + (5 * 0.5 * historyMs) / stepMs),
  async run(
    { query, stepMs, historyMs, horizon, falseAlarmsPerDay, families, seed },
    context,
  ): Promise<ModelComparison> {
    const { now, progress, signal, log } = context;
    const to = Math.floor(now / stepMs) * stepMs;
    const from = to - historyMs;
    const { series: read, skipped } = await readGroup(context, { query, start: from, end: to, stepMs });
    const series = read.filter(({ values }) => values.length >= least).slice(0, mostSeries);
    if (series.length === 0) {
      throw new TarsierError('jobs/too-few-values', `query: expected a series with at least ${least} steps`);
    }
    const leftOut = [
      ...skipped,
      ...read
        .filter((one) => !series.includes(one))
        .map(
          ({ metric, values }) => `${JSON.stringify(metric)}: ${values.length} steps, or beyond ${mostSeries} series`,
        ),
    ];
    log('info', 'read', { series: series.length });
    const clock = (): number => threadCpuMs() ?? performance.now();
    const between = async (message: string, ratio: number): Promise<void> => {
      progress({ ratio, message });
      // Whoever wants it to end is heard here.
      await nextTurn();
      signal.throwIfAborted();
    };
    const detectors = families.includes('detector')
      ? await compareDetectors({
          series: series.map(({ values }) => values),
          stepMs,
          falseAlarmsPerDay,
          seed,
          clock,
          between: (done) => between('detectors', Math.min(0.6, 0.06 * done)),
        })
      : { rows: [], injected: 0 };
    const forecasters = families.includes('forecaster')
      ? await compareForecasters({
          series,
          stepMs,
          horizon,
          seed,
          clock,
          between: (done) => between('forecasters', Math.min(0.95, 0.65 + 0.06 * done)),
        })
      : [];
    const rows = [...detectors.rows, ...forecasters];
    const [detector, forecaster] = [bestOf(detectors.rows), bestOf(forecasters)];
    return {
      kind: 'models.compare',
      version: 1,
      method:
        'Detectors: anomalies of four kinds and three sizes are put into the newest two fifths of each series; each detector gets the threshold that keeps the same budget of false alarms before. Forecasters: rolling origin over the newest quarter. Intervals by bootstrap; efficiency is quality over 1 plus the cores that 10,000 such series would take.',
      sources: [
        'Efron 1979, doi:10.1214/aos/1176344552',
        'Tashman 2000, doi:10.1016/S0169-2070(00)00065-0',
        'Hyndman & Koehler 2006, doi:10.1016/j.ijforecast.2006.03.001',
      ],
      query,
      window: { from, to },
      series: series.length,
      skipped: leftOut,
      injected: detectors.injected,
      rows,
      best: {
        ...(detector === undefined ? {} : { detector: detector.name }),
        ...(forecaster === undefined ? {} : { forecaster: forecaster.name }),
      },
      explanation: [sentence('detector', detector, detectors.rows), sentence('forecaster', forecaster, forecasters)]
        .filter((text) => text !== '')
        .join(' '),
      seed,
    };
  },
});

/** By quality: what it costs is beside it. */
function bestOf(rows: readonly ComparedModel[]): ComparedModel | undefined {
  return rows.toSorted((a, b) => b.quality.value - a.quality.value)[0];
}

function sentence(family: string, best: ComparedModel | undefined, rows: readonly ComparedModel[]): string {
  if (best === undefined) return '';
  const plain = bestOf(rows.filter(({ isBaseline }) => isBaseline));
  const range = ({ quality }: ComparedModel): string =>
    `${formatNumber(quality.value)} (${formatNumber(quality.low)} to ${formatNumber(quality.high)})`;
  if (best.isBaseline || plain === undefined) {
    return `No ${family} beats the plain ${best.name}, of quality ${range(best)}: use that.`;
  }
  const how = { better: 'surely better', unsure: 'perhaps better', 'not-better': 'no better', baseline: '' }[
    best.verdict
  ];
  return `The best ${family} is ${best.name} with quality ${range(best)}, ${how} than the plain ${plain.name} with ${range(plain)}.`;
}
