/** What `rootcause.analyse` answers: which series changed first and most when an incident began. */
import { z } from 'zod';
import { labels, many, unixMs } from '../operation.ts';
import { methodText, resultWindow } from './common.ts';

export const rankedCause = z.object({
  rank: z.int(),
  metric: z.string(),
  labels,
  unit: z.string(),
  isRate: z.boolean(),
  score: z.number().describe('0 to 1.'),
  confidence: z.number().describe('Share of resamples in which it is among the first three, 0 to 1.'),
  pValue: z.number().describe('Chance of such a change where none is, for all series together (Holm).'),
  before: z.number(),
  after: z.number(),
  changedAt: unixMs,
  leadMs: z.number().describe('How long before the incident it changed; negative for later.'),
  alike: z.int(),
  isAlert: z.boolean().describe('The incident’s own alerts are about it: an effect that is known already.'),
  baselineRank: z.int().exactOptional().describe('Where the plain way has it; absent where that is not in its list.'),
});
export type RankedCause = z.infer<typeof rankedCause>;

/** The result of `rootcause.analyse`. */
export const rootCauseSchema = z
  .object({
    kind: z.literal('rootcause.analyse'),
    version: z.literal(1),
    ...methodText.shape,
    incident: z.string().exactOptional(),
    hosts: many(z.string()),
    hostsLeftOut: z.int(),
    start: unixMs,
    window: resultWindow,
    seriesCompared: z.int(),
    causes: many(rankedCause),
    events: many(
      z.object({ at: unixMs, kind: z.string(), title: z.string(), host: z.string().exactOptional() }),
    ).describe('What people and their programs did shortly before.'),
    baseline: z.object({
      name: z.string(),
      agreement: z.number().describe('Share of its first five that are among the first five here.'),
    }),
    explanation: z.string(),
  })
  .meta({ id: 'RootCause' });
export type RootCause = z.infer<typeof rootCauseSchema>;
