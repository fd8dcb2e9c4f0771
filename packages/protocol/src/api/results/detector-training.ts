/** What `detector.train` answers, and what it tells while it trains. */
import { z } from 'zod';
import { many, unixMs } from '../operation.ts';
import { estimate, methodText, resultWindow } from './common.ts';

/** A point of the training's curve; `progress.metrics` has the same numbers while it runs. */
export const detectorTrainingPointSchema = z.object({
  rows: z.int().describe('Learnt so far.'),
  loss: z.number().describe('1 - recall on made anomalies.'),
  accuracy: z.number().describe('Share of rows, quiet and made odd, that are told rightly; both count the same.'),
});
export type DetectorTrainingPoint = z.infer<typeof detectorTrainingPointSchema>;

const quality = z.object({
  name: z.string(),
  recall: estimate,
  falseAlarmsPerDay: estimate,
});

/** The result of `detector.train`. */
export const detectorTrainingSchema = z
  .object({
    kind: z.literal('detector.train'),
    version: z.literal(1),
    ...methodText.shape,
    model: z.string(),
    modelVersion: z.int(),
    detector: z.string(),
    host: z.string(),
    channels: many(z.string()).describe('Series that it looks at together.'),
    rows: z.int(),
    window: resultWindow.extend({ heldOutFrom: unixMs }),
    curve: many(detectorTrainingPointSchema),
    heldOut: many(quality).describe('On time that it was not trained with: it, then plain baselines.'),
    verdict: z.enum(['better', 'not-better', 'unsure']),
    explanation: z.string(),
    promoted: z.boolean(),
    seed: z.int(),
  })
  .meta({ id: 'DetectorTraining' });
export type DetectorTraining = z.infer<typeof detectorTrainingSchema>;
