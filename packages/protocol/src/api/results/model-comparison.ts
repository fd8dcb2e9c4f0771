/** What `models.compare` answers: detectors and forecasters beside each other on the tenant's own data. */
import { z } from 'zod';
import { many } from '../operation.ts';
import { estimate, methodText, resultWindow } from './common.ts';

export const comparedRow = z
  .object({
    family: z.enum(['detector', 'forecaster']),
    name: z.string(),
    summary: z.string(),
    isBaseline: z.boolean().describe('A plain way that others have to beat.'),
    quality: estimate.describe(
      '0 to 1. Detectors: F1 over anomalies that were put in. Forecasters: error of the baseline over that and its own.',
    ),
    falseAlarmsPerDay: estimate.exactOptional().describe('Of a series; detectors only.'),
    recall: z.number().exactOptional(),
    precision: z.number().exactOptional(),
    mase: z.number().exactOptional().describe('Mean absolute scaled error; forecasters only.'),
    coverage: z.number().exactOptional().describe('Share of values within the 80 % interval; forecasters only.'),
    latencyMs: z
      .number()
      .exactOptional()
      .describe('Detectors: median time from the onset to the alarm. Forecasters: CPU time of one forecast.'),
    cpuNsPerSample: z.number().describe('CPU time for each sample, or for each value that is foretold.'),
    memoryBytes: z.number().describe('Of one series.'),
    trainingMs: z.number().describe('CPU time of training; of online detectors that of their warm-up.'),
    efficiency: z.number().describe('0 to 100: quality, less for what it costs.'),
    rating: z.enum(['A', 'B', 'C', 'D', 'E']),
    verdict: z.enum(['better', 'not-better', 'unsure', 'baseline']).describe('Than the best baseline of its family.'),
  })
  .meta({ id: 'ComparedModel' });
export type ComparedModel = z.infer<typeof comparedRow>;

/** The result of `models.compare`. */
export const modelComparisonSchema = z
  .object({
    kind: z.literal('models.compare'),
    version: z.literal(1),
    ...methodText.shape,
    query: z.string(),
    window: resultWindow,
    series: z.int(),
    skipped: many(z.string()),
    injected: z.int().describe('Anomalies that were put in.'),
    rows: many(comparedRow).describe('By family, the most efficient first.'),
    best: z.object({ detector: z.string().exactOptional(), forecaster: z.string().exactOptional() }),
    explanation: z.string(),
    seed: z.int(),
  })
  .meta({ id: 'ModelComparison' });
export type ModelComparison = z.infer<typeof modelComparisonSchema>;
