/** What `report.weekly` answers: a page that needs nothing else, and the numbers that are on it. */
import { z } from 'zod';
import { many } from '../operation.ts';
import { estimate, methodText, resultWindow } from './common.ts';

const figure = z.object({
  key: z.string(),
  title: z.string(),
  unit: z.string(),
  value: z.number().nullable().describe('null where nothing was measured.'),
  before: z.number().nullable().describe('Of the week before.'),
  better: z.enum(['lower', 'higher', 'neither']),
});
export type ReportFigure = z.infer<typeof figure>;

/** The result of `report.weekly`. */
export const weeklyReportSchema = z
  .object({
    kind: z.literal('report.weekly'),
    version: z.literal(1),
    ...methodText.shape,
    title: z.string(),
    window: resultWindow,
    language: z.enum(['en', 'de']),
    figures: many(figure),
    expectations: many(
      z.object({
        title: z.string(),
        estimate,
        baseline: z.string(),
        isBetter: z.boolean().describe('Than the baseline, over the weeks before.'),
      }),
    ).describe('Of the week to come.'),
    html: z.string().describe('`GET /v1/jobs/{id}/report` answers it as a page.'),
  })
  .meta({ id: 'WeeklyReport' });
export type WeeklyReport = z.infer<typeof weeklyReportSchema>;
