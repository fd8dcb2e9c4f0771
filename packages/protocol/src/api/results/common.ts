/** What results of the models' jobs have in common. */
import { z } from 'zod';
import { unixMs } from '../operation.ts';

/** A number that was measured or estimated, and the interval that it is within with the given confidence. */
export const estimate = z
  .object({
    value: z.number(),
    low: z.number(),
    high: z.number(),
    confidence: z.number().describe('Of the interval, 0 to 1.'),
  })
  .meta({ id: 'Estimate' });
export type Estimate = z.infer<typeof estimate>;

export const resultWindow = z.object({ from: unixMs, to: unixMs });

/** How it was done, and by whom that was found out: for people who want to judge it. */
export const methodText = z.object({ method: z.string(), sources: z.array(z.string()).readonly() });
